-- contract: no release has written or read job_totals.
DROP TABLE job_totals;

ALTER TABLE jobs ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
-- Where it stands in its queue: who has the smallest is next.
ALTER TABLE jobs ADD COLUMN position DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00';
-- Whose it is: those of one owner let those of others pass.
ALTER TABLE jobs ADD COLUMN lane VARCHAR(128);
ALTER TABLE jobs ADD COLUMN retry_until DATETIME(6);
ALTER TABLE jobs ADD COLUMN started_at DATETIME(6);
ALTER TABLE jobs ADD COLUMN worker BINARY(16);

ALTER TABLE failed_jobs ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE failed_jobs ADD COLUMN lane VARCHAR(128);
-- The same for failures that look alike.
ALTER TABLE failed_jobs ADD COLUMN fingerprint VARCHAR(32) NOT NULL DEFAULT '';

ALTER TABLE job_attempts ADD COLUMN worker BINARY(16);

-- Jobs that were done or cancelled: the newest few thousand, of large bursts a part.
CREATE TABLE finished_jobs (
  id BINARY(16) PRIMARY KEY,
  queue VARCHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  priority BIGINT NOT NULL,
  lane VARCHAR(128),
  attempt BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  pushed_at DATETIME(6) NOT NULL,
  started_at DATETIME(6),
  ended_at DATETIME(6) NOT NULL,
  cancelled BOOLEAN NOT NULL,
  worker BINARY(16)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX finished_jobs_newest ON finished_jobs (ended_at, id);

-- What became of attempts, and how long they waited and ran, per kind: counts within `grain` seconds from
-- `start` (seconds since 1970 UTC). Of durations, one row for each bucket of a histogram; `total` sums them up
-- in microseconds.
CREATE TABLE job_measures (
  grain BIGINT NOT NULL,
  start BIGINT NOT NULL,
  queue VARCHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  what VARCHAR(16) NOT NULL,
  bucket BIGINT NOT NULL,
  number BIGINT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY (grain, start, queue, name, what, bucket)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which queues and kinds nobody may take from.
CREATE TABLE job_pauses (
  scope VARCHAR(16) NOT NULL CHECK (scope IN ('queue', 'kind')),
  name VARCHAR(128) NOT NULL,
  paused_at DATETIME(6) NOT NULL,
  ends_at DATETIME(6),
  actor VARCHAR(255) NOT NULL,
  reason LONGTEXT NOT NULL,
  PRIMARY KEY (scope, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When the next job of a kind with a rate may start.
CREATE TABLE job_rates (
  name VARCHAR(128) PRIMARY KEY,
  next_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Workers, and what they are at. Who has not been heard of for a while is dead.
CREATE TABLE job_workers (
  id BINARY(16) PRIMARY KEY,
  host VARCHAR(255) NOT NULL,
  process BIGINT NOT NULL,
  version VARCHAR(64) NOT NULL,
  queues LONGTEXT NOT NULL,
  slots BIGINT NOT NULL,
  running LONGTEXT NOT NULL,
  memory BIGINT NOT NULL,
  started_at DATETIME(6) NOT NULL,
  heard_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What operators did.
CREATE TABLE job_actions (
  id BINARY(16) PRIMARY KEY,
  acted_at DATETIME(6) NOT NULL,
  actor VARCHAR(255) NOT NULL,
  action VARCHAR(32) NOT NULL,
  target VARCHAR(255) NOT NULL,
  detail LONGTEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
