-- Who changed what: one row per change of a task, never changed itself. A task's log is one range
-- of the key. It outlives the task, so it does not refer to it.

CREATE TABLE activity (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  task_id BLOB NOT NULL CHECK (length(task_id) = 16),
  at INTEGER NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- The person who did it, or on whose behalf it was done.
  actor BLOB NOT NULL,
  -- session, token, mail_link, import, system
  via TEXT NOT NULL,
  token_name TEXT,
  -- created, changed, completed, reopened, trashed, restored, purged
  action TEXT NOT NULL,
  -- JSON: what became of which field.
  changes TEXT NOT NULL,
  PRIMARY KEY (user_id, task_id, at, id)
) STRICT, WITHOUT ROWID;

-- Where there are partitions, old rows go with theirs; here they have to be found.
CREATE INDEX activity_at ON activity (at);
