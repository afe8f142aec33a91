-- Lists of jobs that administrators look at again and again, by names of their own.
CREATE TABLE job_filters (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- What it says, as JSON.
  words TEXT NOT NULL,
  saved_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
