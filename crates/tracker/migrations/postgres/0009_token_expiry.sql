-- Which tokens end soon.
DROP INDEX CONCURRENTLY IF EXISTS tokens_expires_at;
CREATE INDEX CONCURRENTLY tokens_expires_at ON tokens (expires_at);
