-- contract: no release has written or read job_totals.
DROP TABLE job_totals;

ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- Where it stands in its queue: who has the smallest is next.
ALTER TABLE jobs ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
-- Whose it is: those of one owner let those of others pass.
ALTER TABLE jobs ADD COLUMN lane TEXT;
ALTER TABLE jobs ADD COLUMN retry_until INTEGER;
ALTER TABLE jobs ADD COLUMN started_at INTEGER;
ALTER TABLE jobs ADD COLUMN worker BLOB;

ALTER TABLE failed_jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_jobs ADD COLUMN lane TEXT;
-- The same for failures that look alike.
ALTER TABLE failed_jobs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';

ALTER TABLE job_attempts ADD COLUMN worker BLOB;

-- Jobs that were done or cancelled: the newest few thousand, of large bursts a part.
CREATE TABLE finished_jobs (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  tags TEXT NOT NULL,
  priority INTEGER NOT NULL,
  lane TEXT,
  attempt INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  pushed_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
  worker BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX finished_jobs_newest ON finished_jobs (ended_at, id);

-- What became of attempts, and how long they waited and ran, per kind: counts within `grain` seconds from
-- `start` (seconds since 1970 UTC). Of durations, one row for each bucket of a histogram; `total` sums them up
-- in microseconds.
CREATE TABLE job_measures (
  grain INTEGER NOT NULL,
  start INTEGER NOT NULL,
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  what TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  number INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (grain, start, queue, name, what, bucket)
) STRICT, WITHOUT ROWID;

-- Which queues and kinds nobody may take from.
CREATE TABLE job_pauses (
  scope TEXT NOT NULL CHECK (scope IN ('queue', 'kind')),
  name TEXT NOT NULL,
  paused_at INTEGER NOT NULL,
  ends_at INTEGER,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

-- When the next job of a kind with a rate may start.
CREATE TABLE job_rates (
  name TEXT PRIMARY KEY NOT NULL,
  next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Workers, and what they are at. Who has not been heard of for a while is dead.
CREATE TABLE job_workers (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  host TEXT NOT NULL,
  process INTEGER NOT NULL,
  version TEXT NOT NULL,
  queues TEXT NOT NULL,
  slots INTEGER NOT NULL,
  running TEXT NOT NULL,
  memory INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  heard_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What operators did.
CREATE TABLE job_actions (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  acted_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;
