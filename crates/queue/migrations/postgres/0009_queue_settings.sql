-- What operators have said a queue may have, instead of what is configured.
CREATE TABLE job_queue_settings (
  queue text COLLATE "C" PRIMARY KEY,
  settings text COLLATE "C" NOT NULL
);
