-- Jobs that wait (lease_until is null) or run (lease_until is when they are given back).
CREATE TABLE jobs (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  tags TEXT NOT NULL,
  unique_key TEXT,
  tries INTEGER NOT NULL CHECK (tries > 0),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  fence INTEGER NOT NULL CHECK (fence >= attempt),
  run_at INTEGER NOT NULL,
  lease_until INTEGER,
  pushed_at INTEGER NOT NULL,
  UNIQUE (name, unique_key)
) STRICT, WITHOUT ROWID;

-- The order in which a queue is served; the name is there to pass over unknown kinds cheaply.
CREATE INDEX jobs_waiting ON jobs (queue, lease_until, run_at, id, name);

-- Whose lease is over.
CREATE INDEX jobs_running ON jobs (lease_until) WHERE lease_until IS NOT NULL;

-- Jobs that failed for good.
CREATE TABLE failed_jobs (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  tags TEXT NOT NULL,
  unique_key TEXT,
  tries INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  pushed_at INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  error TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX failed_jobs_newest ON failed_jobs (failed_at, id);

-- Every reservation of a job that is not done.
CREATE TABLE job_attempts (
  job_id BLOB NOT NULL CHECK (length(job_id) = 16),
  fence INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT CHECK (outcome IN ('retried', 'failed', 'expired', 'released')),
  error TEXT,
  PRIMARY KEY (job_id, fence)
) STRICT, WITHOUT ROWID;

-- What has become of attempts, per queue and minute.
CREATE TABLE job_totals (
  queue TEXT NOT NULL,
  minute INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  released INTEGER NOT NULL,
  PRIMARY KEY (queue, minute)
) STRICT, WITHOUT ROWID;
