-- Jobs on their way to Redis: each is here from the commit of whoever pushed it until Redis has it.
CREATE TABLE job_outbox (
  id BINARY(16) PRIMARY KEY,
  job_id BINARY(16) NOT NULL,
  written_at DATETIME(6) NOT NULL,
  turn BIGINT NOT NULL,
  queue VARCHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  payload LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  unique_key VARCHAR(255),
  tries BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  run_at DATETIME(6) NOT NULL,
  pushed_at DATETIME(6) NOT NULL,
  priority BIGINT NOT NULL,
  -- Null for a job that takes its turn in its lane.
  position DATETIME(6),
  lane VARCHAR(128),
  retry_until DATETIME(6),
  UNIQUE KEY job_outbox_name_unique_key_key (name, unique_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX job_outbox_order ON job_outbox (written_at, turn);

-- Up to where what has become of jobs in Redis is recorded here.
CREATE TABLE job_drained (
  name VARCHAR(64) PRIMARY KEY,
  last_id VARCHAR(64) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
