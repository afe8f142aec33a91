-- Jobs that wait (lease_until is null) or run (lease_until is when they are given back).
CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  payload text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  unique_key text COLLATE "C",
  tries bigint NOT NULL CHECK (tries > 0),
  attempt bigint NOT NULL CHECK (attempt >= 0),
  fence bigint NOT NULL CHECK (fence >= attempt),
  run_at timestamptz NOT NULL,
  lease_until timestamptz,
  pushed_at timestamptz NOT NULL,
  CONSTRAINT jobs_name_unique_key_key UNIQUE (name, unique_key)
);

-- The order in which a queue is served; the name is there to pass over unknown kinds cheaply. The
-- planner does not know that rows without a lease are in order if the lease is a column of the key.
CREATE INDEX jobs_waiting ON jobs (queue, run_at, id, name) WHERE lease_until IS NULL;

-- Whose lease is over.
CREATE INDEX jobs_running ON jobs (lease_until) WHERE lease_until IS NOT NULL;

-- Jobs that failed for good.
CREATE TABLE failed_jobs (
  id uuid PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  payload text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  unique_key text COLLATE "C",
  tries bigint NOT NULL,
  attempt bigint NOT NULL,
  fence bigint NOT NULL,
  pushed_at timestamptz NOT NULL,
  failed_at timestamptz NOT NULL,
  error text COLLATE "C" NOT NULL
);

CREATE INDEX failed_jobs_newest ON failed_jobs (failed_at, id);

-- Every reservation of a job that is not done.
CREATE TABLE job_attempts (
  job_id uuid NOT NULL,
  fence bigint NOT NULL,
  number bigint NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text COLLATE "C" CHECK (outcome IN ('retried', 'failed', 'expired', 'released')),
  error text COLLATE "C",
  PRIMARY KEY (job_id, fence)
);

-- What has become of attempts, per queue and minute (counted since 1970 UTC). A maintenance task
-- makes a partition for each month before it begins.
CREATE TABLE job_totals (
  queue text COLLATE "C" NOT NULL,
  minute bigint NOT NULL,
  done bigint NOT NULL,
  failed bigint NOT NULL,
  retried bigint NOT NULL,
  expired bigint NOT NULL,
  released bigint NOT NULL,
  PRIMARY KEY (queue, minute)
) PARTITION BY RANGE (minute);

CREATE TABLE job_totals_default PARTITION OF job_totals DEFAULT;

-- What is too old to be kept, and what is new enough to be shown.
CREATE INDEX job_totals_minute ON job_totals (minute);
