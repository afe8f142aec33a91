-- Which task came from which row of another program, so that importing twice changes nothing.

CREATE TABLE import_sources (
  user_id uuid NOT NULL,
  -- taskwarrior, todotxt, ics, todoist, duly
  source text COLLATE "C" NOT NULL,
  source_id text COLLATE "C" NOT NULL,
  task_id uuid NOT NULL,
  PRIMARY KEY (user_id, source, source_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
);

CREATE INDEX import_sources_task ON import_sources (user_id, task_id);
