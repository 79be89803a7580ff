-- Who may have an account where one needs an invitation. Times are milliseconds since 1970. `code_hash` is the SHA-256 of
-- the code, which is known to nobody here.
CREATE TABLE invitations (
    code_hash      BYTEA PRIMARY KEY NOT NULL,
    note           TEXT NOT NULL,
    uses           BIGINT NOT NULL,
    used           BIGINT NOT NULL DEFAULT 0,
    made_at        BIGINT NOT NULL,
    expires_at     BIGINT
);
