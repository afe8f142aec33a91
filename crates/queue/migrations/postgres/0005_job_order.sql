-- The order in which a queue is served.
DROP INDEX CONCURRENTLY IF EXISTS jobs_next;
CREATE INDEX CONCURRENTLY jobs_next ON jobs (queue, position, id) WHERE lease_until IS NULL;

-- How long the lane of an owner is.
DROP INDEX CONCURRENTLY IF EXISTS jobs_lane;
CREATE INDEX CONCURRENTLY jobs_lane ON jobs (queue, lane, priority, position) WHERE lane IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS failed_jobs_alike;
CREATE INDEX CONCURRENTLY failed_jobs_alike ON failed_jobs (fingerprint, failed_at);
