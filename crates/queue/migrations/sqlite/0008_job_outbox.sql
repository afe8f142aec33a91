-- Jobs on their way to Redis: each is here from the commit of whoever pushed it until Redis has it.
CREATE TABLE job_outbox (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  job_id BLOB NOT NULL CHECK (length(job_id) = 16),
  written_at INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  tags TEXT NOT NULL,
  unique_key TEXT,
  tries INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  pushed_at INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  -- Null for a job that takes its turn in its lane.
  position INTEGER,
  lane TEXT,
  retry_until INTEGER,
  UNIQUE (name, unique_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_outbox_order ON job_outbox (written_at, turn);

-- Up to where what has become of jobs in Redis is recorded here.
CREATE TABLE job_drained (
  name TEXT PRIMARY KEY NOT NULL,
  last_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
