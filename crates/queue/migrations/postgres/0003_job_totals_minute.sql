-- What is too old to be kept, and what is new enough to be shown.
CREATE INDEX job_totals_minute ON job_totals (minute);
