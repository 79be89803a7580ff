-- When an account was last told of new messages, so that several nodes do it once. In seconds since 1970.
ALTER TABLE notified_accounts ADD COLUMN told_at bigint NOT NULL DEFAULT 0;
