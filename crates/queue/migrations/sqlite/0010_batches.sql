-- Jobs that belong together.
CREATE TABLE batches (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  name TEXT NOT NULL,
  actor TEXT,
  -- JSON list of the jobs that are pushed one after the other.
  steps TEXT NOT NULL,
  -- The job that is pushed when all others have ended, as JSON.
  completion TEXT,
  completion_kind TEXT,
  -- Whether no more jobs come.
  is_sealed INTEGER NOT NULL,
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  cancelled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX batches_ended ON batches (ended_at, id);

-- Those of them that have not ended (0), or have failed (1).
CREATE TABLE batch_jobs (
  batch_id BLOB NOT NULL,
  job_id BLOB NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (batch_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_jobs_state ON batch_jobs (batch_id, state, job_id);
CREATE INDEX batch_jobs_job ON batch_jobs (job_id);
