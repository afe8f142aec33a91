-- Which tokens end soon.
CREATE INDEX tokens_expires_at ON tokens (expires_at);
