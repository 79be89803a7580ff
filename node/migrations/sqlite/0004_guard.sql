-- What an account wants: rules against spam, preferences for delivery; JSON.
CREATE TABLE settings (
    address        BLOB PRIMARY KEY NOT NULL,
    settings       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Profiles that would replace an account's, until a login proves the key in one of them.
CREATE TABLE pending_profiles (
    address        BLOB NOT NULL,
    -- SHA-256 of the canonical profile inside, without its signature.
    profile_hash   BLOB NOT NULL,
    profile        TEXT NOT NULL,
    -- Milliseconds since 1970.
    posted_at      INTEGER NOT NULL,
    PRIMARY KEY (address, profile_hash)
) STRICT, WITHOUT ROWID;
