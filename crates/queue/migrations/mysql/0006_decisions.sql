-- How slots were given to queues, and from what that was decided, for a day. `memory` is what the next decision
-- has to know.
CREATE TABLE job_decisions (
  decided_at DATETIME(6) PRIMARY KEY,
  decision LONGTEXT NOT NULL,
  memory LONGTEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
