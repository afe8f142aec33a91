-- Most jobs have no key, and need no entry for it that each change of them would write again.
DROP INDEX CONCURRENTLY IF EXISTS jobs_unique;
CREATE UNIQUE INDEX CONCURRENTLY jobs_unique ON jobs (name, unique_key) WHERE unique_key IS NOT NULL;

-- contract: its index keeps what the constraint did, for releases of both kinds.
ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_name_unique_key_key;
