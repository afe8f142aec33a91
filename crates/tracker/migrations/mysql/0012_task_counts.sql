-- What the statistics count, kept by every change of a task in its own transaction. Each user has one row of totals and
-- one for each quarter of an hour in which tasks were written down or completed.

CREATE TABLE task_counts (
  user_id BINARY(16) NOT NULL,
  -- The quarter of an hour since 1970 UTC: days of all time zones begin with one. 9223372036854775807 is the row of
  -- totals.
  quarter BIGINT NOT NULL,
  -- Of totals, whether they and the quarters are complete. Those of users from before this table are made by the next
  -- recount; until then they hold only what has changed since.
  counted BOOLEAN NOT NULL,
  -- Tasks that are not in the trash: of totals those of each status, of a quarter those that were completed and written
  -- down within it.
  pending BIGINT NOT NULL,
  in_progress BIGINT NOT NULL,
  completed BIGINT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (user_id, quarter),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row for each night: how far the recount has come, and what it has found.
CREATE TABLE statistics_recounts (
  id BINARY(16) PRIMARY KEY,
  started_at DATETIME(6) NOT NULL,
  ended_at DATETIME(6),
  -- Everybody up to this user has been counted; sixteen zero bytes before the first.
  after_user BINARY(16) NOT NULL,
  users BIGINT NOT NULL,
  -- Users who were counted for the first time.
  filled BIGINT NOT NULL,
  -- Figures that were wrong, and put right.
  differences BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
