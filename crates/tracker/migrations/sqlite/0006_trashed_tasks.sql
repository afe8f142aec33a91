-- Only what is in the trash: the planner took the index of all tasks for lists of what is not, and
-- then sorted them.
-- contract: a release that knows the larger index finds its rows with the smaller one.
DROP INDEX tasks_deleted;
CREATE INDEX tasks_deleted ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;
