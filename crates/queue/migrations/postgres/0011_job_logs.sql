-- What an attempt has logged, as JSON.
ALTER TABLE job_attempts ADD COLUMN log text COLLATE "C";

-- Of the attempt that was the last. The fence tells whether it had ended when the job was cancelled.
ALTER TABLE finished_jobs ADD COLUMN fence bigint NOT NULL DEFAULT 0;
ALTER TABLE finished_jobs ADD COLUMN log text COLLATE "C";
