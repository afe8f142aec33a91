-- Jobs that wait (lease_until is null) or run (lease_until is when they are given back).
CREATE TABLE jobs (
  id BINARY(16) PRIMARY KEY,
  queue VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags TEXT NOT NULL,
  unique_key VARCHAR(255),
  tries BIGINT NOT NULL CHECK (tries > 0),
  attempt BIGINT NOT NULL CHECK (attempt >= 0),
  fence BIGINT NOT NULL CHECK (fence >= attempt),
  run_at DATETIME(6) NOT NULL,
  lease_until DATETIME(6),
  pushed_at DATETIME(6) NOT NULL,
  UNIQUE (name, unique_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The order in which a queue is served; the name is there to pass over unknown kinds cheaply.
CREATE INDEX jobs_waiting ON jobs (queue, lease_until, run_at, id, name);

-- Whose lease is over.
CREATE INDEX jobs_running ON jobs (lease_until);

-- Jobs that failed for good.
CREATE TABLE failed_jobs (
  id BINARY(16) PRIMARY KEY,
  queue VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags TEXT NOT NULL,
  unique_key VARCHAR(255),
  tries BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  pushed_at DATETIME(6) NOT NULL,
  failed_at DATETIME(6) NOT NULL,
  error LONGTEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX failed_jobs_newest ON failed_jobs (failed_at, id);

-- Every reservation of a job that is not done.
CREATE TABLE job_attempts (
  job_id BINARY(16) NOT NULL,
  fence BIGINT NOT NULL,
  number BIGINT NOT NULL,
  started_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6),
  outcome VARCHAR(255) CHECK (outcome IN ('retried', 'failed', 'expired', 'released')),
  error LONGTEXT,
  PRIMARY KEY (job_id, fence)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What has become of attempts, per queue and minute.
CREATE TABLE job_totals (
  queue VARCHAR(255) NOT NULL,
  minute DATETIME(6) NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  retried BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  released BIGINT NOT NULL,
  PRIMARY KEY (queue, minute)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
