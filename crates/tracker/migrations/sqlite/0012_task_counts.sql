-- What the statistics count, kept by every change of a task in its own transaction. Each user has one row of totals and
-- one for each quarter of an hour in which tasks were written down or completed.

CREATE TABLE task_counts (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- The quarter of an hour since 1970 UTC: days of all time zones begin with one. 9223372036854775807 is the row of
  -- totals.
  quarter INTEGER NOT NULL,
  -- Of totals, whether they and the quarters are complete. Those of users from before this table are made by the next
  -- recount; until then they hold only what has changed since.
  counted INTEGER NOT NULL,
  -- Tasks that are not in the trash: of totals those of each status, of a quarter those that were completed and written
  -- down within it.
  pending INTEGER NOT NULL,
  in_progress INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (user_id, quarter)
) STRICT, WITHOUT ROWID;

-- One row for each night: how far the recount has come, and what it has found.
CREATE TABLE statistics_recounts (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- Everybody up to this user has been counted; sixteen zero bytes before the first.
  after_user BLOB NOT NULL CHECK (length(after_user) = 16),
  users INTEGER NOT NULL,
  -- Users who were counted for the first time.
  filled INTEGER NOT NULL,
  -- Figures that were wrong, and put right.
  differences INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
