-- Jobs that wait (lease_until is null) or run (lease_until is when they are given back).
CREATE TABLE jobs (
  id BINARY(16) PRIMARY KEY,
  queue VARCHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  unique_key VARCHAR(255),
  tries BIGINT NOT NULL CHECK (tries > 0),
  attempt BIGINT NOT NULL CHECK (attempt >= 0),
  fence BIGINT NOT NULL,
  run_at DATETIME(6) NOT NULL,
  lease_until DATETIME(6),
  pushed_at DATETIME(6) NOT NULL,
  CHECK (fence >= attempt),
  UNIQUE KEY jobs_name_unique_key_key (name, unique_key),
  -- The order in which a queue is served; the name is there to pass over unknown kinds cheaply.
  KEY jobs_waiting (queue, lease_until, run_at, id, name),
  -- Whose lease is over.
  KEY jobs_running (lease_until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Jobs that failed for good.
CREATE TABLE failed_jobs (
  id BINARY(16) PRIMARY KEY,
  queue VARCHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  unique_key VARCHAR(255),
  tries BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  pushed_at DATETIME(6) NOT NULL,
  failed_at DATETIME(6) NOT NULL,
  error LONGTEXT NOT NULL,
  KEY failed_jobs_newest (failed_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every reservation of a job that is not done.
CREATE TABLE job_attempts (
  job_id BINARY(16) NOT NULL,
  fence BIGINT NOT NULL,
  number BIGINT NOT NULL,
  started_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6),
  outcome VARCHAR(16) CHECK (outcome IN ('retried', 'failed', 'expired', 'released')),
  error LONGTEXT,
  PRIMARY KEY (job_id, fence)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What has become of attempts, per queue and minute (counted since 1970 UTC). A maintenance task
-- splits a partition for each month off the last one before that month begins.
CREATE TABLE job_totals (
  queue VARCHAR(64) NOT NULL,
  minute BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  retried BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  released BIGINT NOT NULL,
  PRIMARY KEY (queue, minute),
  -- What is too old to be kept, and what is new enough to be shown.
  KEY job_totals_minute (minute)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (minute) (
  PARTITION job_totals_default VALUES LESS THAN (MAXVALUE)
);
