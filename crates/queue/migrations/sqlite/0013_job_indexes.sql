-- Taking a job changes its lease, which stands in no index that is not about leases.
-- contract: no release names this index, and the new one finds the same rows.
DROP INDEX jobs_waiting;
CREATE INDEX jobs_waiting ON jobs (queue, run_at, id, name);
