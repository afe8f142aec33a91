-- Tags that operators keep an eye on.
CREATE TABLE job_tags (
  tag TEXT PRIMARY KEY NOT NULL,
  -- As it stands in the list of tags of a job.
  quoted TEXT NOT NULL,
  watched_at INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;
