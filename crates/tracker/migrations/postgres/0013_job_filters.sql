-- Lists of jobs that administrators look at again and again, by names of their own.
CREATE TABLE job_filters (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  -- What it says, as JSON.
  words text COLLATE "C" NOT NULL,
  saved_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, name)
);
