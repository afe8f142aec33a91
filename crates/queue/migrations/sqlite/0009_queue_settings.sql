-- What operators have said a queue may have, instead of what is configured.
CREATE TABLE job_queue_settings (
  queue TEXT PRIMARY KEY NOT NULL,
  settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;
