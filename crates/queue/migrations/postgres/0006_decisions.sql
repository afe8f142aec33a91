-- How slots were given to queues, and from what that was decided, for a day. `memory` is what the next decision
-- has to know.
CREATE TABLE job_decisions (
  decided_at timestamptz PRIMARY KEY,
  decision text COLLATE "C" NOT NULL,
  memory text COLLATE "C" NOT NULL
);
