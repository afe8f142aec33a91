-- The span that pushed it, as W3C Trace Context writes it (traceparent), when its trace is recorded.
ALTER TABLE jobs ADD COLUMN trace_parent TEXT;
ALTER TABLE job_outbox ADD COLUMN trace_parent TEXT;
