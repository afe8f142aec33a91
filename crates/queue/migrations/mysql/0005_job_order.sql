-- The order in which a queue is served.
CREATE INDEX jobs_next ON jobs (queue, lease_until, position, id);

-- How long the lane of an owner is.
CREATE INDEX jobs_lane ON jobs (queue, lane, priority, position);

CREATE INDEX failed_jobs_alike ON failed_jobs (fingerprint, failed_at);
