-- Most jobs have no key, and need no entry for it that each change of them would write again.
-- contract: the constraint that is there refuses the same rows.
DROP INDEX CONCURRENTLY IF EXISTS jobs_unique;
CREATE UNIQUE INDEX CONCURRENTLY jobs_unique ON jobs (name, unique_key) WHERE unique_key IS NOT NULL;
