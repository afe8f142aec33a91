-- contract: the index of 0013 keeps what the constraint did, for releases of both kinds.
ALTER TABLE jobs DROP CONSTRAINT jobs_name_unique_key_key;
