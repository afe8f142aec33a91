-- Taking a job changes its lease: so no index has it in its key that is not about leases. The few that run stand among
-- those that wait, and are passed over.
-- contract: releases name jobs_next, which there is before and after, and find the same rows by it.
ALTER TABLE jobs
  DROP INDEX jobs_waiting,
  ADD INDEX jobs_waiting (queue, run_at, id, name),
  DROP INDEX jobs_next,
  ADD INDEX jobs_next (queue, position, id);
