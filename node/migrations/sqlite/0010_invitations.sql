-- Who may have an account where one needs an invitation. Times are milliseconds since 1970. `code_hash` is the SHA-256 of
-- the code, which is known to nobody here.
CREATE TABLE invitations (
    code_hash      BLOB PRIMARY KEY NOT NULL,
    note           TEXT NOT NULL,
    uses           INTEGER NOT NULL,
    used           INTEGER NOT NULL DEFAULT 0,
    made_at        INTEGER NOT NULL,
    expires_at     INTEGER
) STRICT, WITHOUT ROWID;
