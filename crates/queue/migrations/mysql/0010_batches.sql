-- Jobs that belong together.
CREATE TABLE batches (
  id BINARY(16) PRIMARY KEY,
  name LONGTEXT NOT NULL,
  actor LONGTEXT,
  -- JSON list of the jobs that are pushed one after the other.
  steps LONGTEXT NOT NULL,
  -- The job that is pushed when all others have ended, as JSON.
  completion LONGTEXT,
  completion_kind LONGTEXT,
  -- Whether no more jobs come.
  is_sealed BOOLEAN NOT NULL,
  total BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6),
  cancelled_at DATETIME(6)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX batches_ended ON batches (ended_at, id);

-- Those of them that have not ended (0), or have failed (1).
CREATE TABLE batch_jobs (
  batch_id BINARY(16) NOT NULL,
  job_id BINARY(16) NOT NULL,
  state BIGINT NOT NULL,
  PRIMARY KEY (batch_id, job_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX batch_jobs_state ON batch_jobs (batch_id, state, job_id);
CREATE INDEX batch_jobs_job ON batch_jobs (job_id);
