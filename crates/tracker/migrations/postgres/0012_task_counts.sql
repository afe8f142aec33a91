-- What the statistics count, kept by every change of a task in its own transaction. Each user has one row of totals and
-- one for each quarter of an hour in which tasks were written down or completed.

CREATE TABLE task_counts (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- The quarter of an hour since 1970 UTC: days of all time zones begin with one. 9223372036854775807 is the row of
  -- totals.
  quarter bigint NOT NULL,
  -- Of totals, whether they and the quarters are complete. Those of users from before this table are made by the next
  -- recount; until then they hold only what has changed since.
  counted boolean NOT NULL,
  -- Tasks that are not in the trash: of totals those of each status, of a quarter those that were completed and written
  -- down within it.
  pending bigint NOT NULL,
  in_progress bigint NOT NULL,
  completed bigint NOT NULL,
  created bigint NOT NULL,
  PRIMARY KEY (user_id, quarter)
);

-- One row for each night: how far the recount has come, and what it has found.
CREATE TABLE statistics_recounts (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  -- Everybody up to this user has been counted; sixteen zero bytes before the first.
  after_user uuid NOT NULL,
  users bigint NOT NULL,
  -- Users who were counted for the first time.
  filled bigint NOT NULL,
  -- Figures that were wrong, and put right.
  differences bigint NOT NULL
);
