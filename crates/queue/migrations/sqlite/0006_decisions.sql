-- How slots were given to queues, and from what that was decided, for a day. `memory` is what the next decision
-- has to know.
CREATE TABLE job_decisions (
  decided_at INTEGER PRIMARY KEY NOT NULL,
  decision TEXT NOT NULL,
  memory TEXT NOT NULL
) STRICT, WITHOUT ROWID;
