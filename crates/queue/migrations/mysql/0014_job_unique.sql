-- As it is called on other engines.
-- contract: no release names it.
ALTER TABLE jobs RENAME INDEX jobs_name_unique_key_key TO jobs_unique;
