-- Tags that operators keep an eye on.
CREATE TABLE job_tags (
  tag text COLLATE "C" PRIMARY KEY,
  -- As it stands in the list of tags of a job.
  quoted text COLLATE "C" NOT NULL,
  watched_at timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL
);
