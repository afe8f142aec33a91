-- Who changed what: one row per change of a task, never changed itself. A task's log is one range
-- of the key. It outlives the task, so it does not refer to it. InnoDB has no foreign keys on
-- partitioned tables. The last partition is for rows no other was made for; maintenance makes one
-- per month ahead.

CREATE TABLE activity (
  user_id BINARY(16) NOT NULL,
  task_id BINARY(16) NOT NULL,
  at DATETIME(6) NOT NULL,
  id BINARY(16) NOT NULL,
  -- The person who did it, or on whose behalf it was done.
  actor BINARY(16) NOT NULL,
  -- session, token, mail_link, import, system
  via VARCHAR(16) NOT NULL,
  token_name VARCHAR(100),
  -- created, changed, completed, reopened, trashed, restored, purged
  action VARCHAR(16) NOT NULL,
  -- JSON: what became of which field.
  changes LONGTEXT NOT NULL,
  PRIMARY KEY (user_id, task_id, at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (at) (
  PARTITION activity_default VALUES LESS THAN (MAXVALUE)
);
