-- Most jobs have no key, and need no entry for it. SQLite cannot take a constraint from a table, so it is made anew.
CREATE TABLE jobs_anew (
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
  priority INTEGER NOT NULL DEFAULT 0,
  -- Where it stands in its queue: who has the smallest is next.
  position INTEGER NOT NULL DEFAULT 0,
  -- Whose it is: those of one owner let those of others pass.
  lane TEXT,
  retry_until INTEGER,
  started_at INTEGER,
  worker BLOB
) STRICT, WITHOUT ROWID;

INSERT INTO jobs_anew (id, queue, name, payload, tags, unique_key, tries, attempt, fence, run_at, lease_until,
  pushed_at, priority, position, lane, retry_until, started_at, worker)
SELECT id, queue, name, payload, tags, unique_key, tries, attempt, fence, run_at, lease_until,
  pushed_at, priority, position, lane, retry_until, started_at, worker FROM jobs;

-- contract: the new table takes its place in this transaction.
DROP TABLE jobs;
ALTER TABLE jobs_anew RENAME TO jobs;

CREATE UNIQUE INDEX jobs_unique ON jobs (name, unique_key) WHERE unique_key IS NOT NULL;

-- What is due next; the name is there to pass over unknown kinds cheaply.
CREATE INDEX jobs_waiting ON jobs (queue, run_at, id, name);

-- Whose lease is over.
CREATE INDEX jobs_running ON jobs (lease_until) WHERE lease_until IS NOT NULL;

-- The order in which a queue is served.
CREATE INDEX jobs_next ON jobs (queue, position, id) WHERE lease_until IS NULL;

-- How long the lane of an owner is.
CREATE INDEX jobs_lane ON jobs (queue, lane, priority, position) WHERE lane IS NOT NULL;
