-- contract: no release has written or read job_totals.
DROP TABLE job_totals;

ALTER TABLE jobs ADD COLUMN priority bigint NOT NULL DEFAULT 0;
-- Where it stands in its queue: who has the smallest is next.
ALTER TABLE jobs ADD COLUMN position timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00Z';
-- Whose it is: those of one owner let those of others pass.
ALTER TABLE jobs ADD COLUMN lane text COLLATE "C";
ALTER TABLE jobs ADD COLUMN retry_until timestamptz;
ALTER TABLE jobs ADD COLUMN started_at timestamptz;
ALTER TABLE jobs ADD COLUMN worker uuid;

ALTER TABLE failed_jobs ADD COLUMN priority bigint NOT NULL DEFAULT 0;
ALTER TABLE failed_jobs ADD COLUMN lane text COLLATE "C";
-- The same for failures that look alike.
ALTER TABLE failed_jobs ADD COLUMN fingerprint text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE job_attempts ADD COLUMN worker uuid;

-- Jobs that were done or cancelled: the newest few thousand, of large bursts a part.
CREATE TABLE finished_jobs (
  id uuid PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  payload text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  priority bigint NOT NULL,
  lane text COLLATE "C",
  attempt bigint NOT NULL,
  tries bigint NOT NULL,
  pushed_at timestamptz NOT NULL,
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  cancelled boolean NOT NULL,
  worker uuid
);

CREATE INDEX finished_jobs_newest ON finished_jobs (ended_at, id);

-- What became of attempts, and how long they waited and ran, per kind: counts within `grain` seconds from
-- `start` (seconds since 1970 UTC). Of durations, one row for each bucket of a histogram; `total` sums them up
-- in microseconds.
CREATE TABLE job_measures (
  grain bigint NOT NULL,
  start bigint NOT NULL,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  what text COLLATE "C" NOT NULL,
  bucket bigint NOT NULL,
  number bigint NOT NULL,
  total bigint NOT NULL,
  PRIMARY KEY (grain, start, queue, name, what, bucket)
);

-- Which queues and kinds nobody may take from.
CREATE TABLE job_pauses (
  scope text COLLATE "C" NOT NULL CHECK (scope IN ('queue', 'kind')),
  name text COLLATE "C" NOT NULL,
  paused_at timestamptz NOT NULL,
  ends_at timestamptz,
  actor text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  PRIMARY KEY (scope, name)
);

-- When the next job of a kind with a rate may start.
CREATE TABLE job_rates (
  name text COLLATE "C" PRIMARY KEY,
  next_at timestamptz NOT NULL
);

-- Workers, and what they are at. Who has not been heard of for a while is dead.
CREATE TABLE job_workers (
  id uuid PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  process bigint NOT NULL,
  version text COLLATE "C" NOT NULL,
  queues text COLLATE "C" NOT NULL,
  slots bigint NOT NULL,
  running text COLLATE "C" NOT NULL,
  memory bigint NOT NULL,
  started_at timestamptz NOT NULL,
  heard_at timestamptz NOT NULL
);

-- What operators did.
CREATE TABLE job_actions (
  id uuid PRIMARY KEY,
  acted_at timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  target text COLLATE "C" NOT NULL,
  detail text COLLATE "C" NOT NULL
);
