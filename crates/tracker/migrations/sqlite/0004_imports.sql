-- Which task came from which row of another program, so that importing twice changes nothing.

CREATE TABLE import_sources (
  user_id BLOB NOT NULL,
  -- taskwarrior, todotxt, ics, todoist, duly
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  task_id BLOB NOT NULL,
  PRIMARY KEY (user_id, source, source_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX import_sources_task ON import_sources (user_id, task_id);
