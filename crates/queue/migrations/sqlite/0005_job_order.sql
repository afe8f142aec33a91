-- The order in which a queue is served.
CREATE INDEX jobs_next ON jobs (queue, position, id) WHERE lease_until IS NULL;

-- How long the lane of an owner is.
CREATE INDEX jobs_lane ON jobs (queue, lane, priority, position) WHERE lane IS NOT NULL;

CREATE INDEX failed_jobs_alike ON failed_jobs (fingerprint, failed_at);
