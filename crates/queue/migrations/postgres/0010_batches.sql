-- Jobs that belong together.
CREATE TABLE batches (
  id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  actor text COLLATE "C",
  -- JSON list of the jobs that are pushed one after the other.
  steps text COLLATE "C" NOT NULL,
  -- The job that is pushed when all others have ended, as JSON.
  completion text COLLATE "C",
  completion_kind text COLLATE "C",
  -- Whether no more jobs come.
  is_sealed boolean NOT NULL,
  total bigint NOT NULL,
  done bigint NOT NULL,
  failed bigint NOT NULL,
  cancelled bigint NOT NULL,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  cancelled_at timestamptz
);

CREATE INDEX batches_ended ON batches (ended_at, id);

-- Those of them that have not ended (0), or have failed (1).
CREATE TABLE batch_jobs (
  batch_id uuid NOT NULL,
  job_id uuid NOT NULL,
  state bigint NOT NULL,
  PRIMARY KEY (batch_id, job_id)
);

CREATE INDEX batch_jobs_state ON batch_jobs (batch_id, state, job_id);
CREATE INDEX batch_jobs_job ON batch_jobs (job_id);
