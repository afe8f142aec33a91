-- Who changed what: one row per change of a task, never changed itself. A task's log is one range
-- of the key. It outlives the task, so it does not refer to it.

CREATE TABLE activity (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  task_id uuid NOT NULL,
  at timestamptz NOT NULL,
  id uuid NOT NULL,
  -- The person who did it, or on whose behalf it was done.
  actor uuid NOT NULL,
  -- session, token, mail_link, import, system
  via text COLLATE "C" NOT NULL,
  token_name text COLLATE "C",
  -- created, changed, completed, reopened, trashed, restored, purged
  action text COLLATE "C" NOT NULL,
  -- JSON: what became of which field.
  changes text COLLATE "C" NOT NULL,
  PRIMARY KEY (user_id, task_id, at, id)
) PARTITION BY RANGE (at);

-- For rows no partition was made for; maintenance makes one per month ahead.
CREATE TABLE activity_default PARTITION OF activity DEFAULT;
