-- What an account wants: rules against spam, preferences for delivery; JSON.
CREATE TABLE settings (
    address        BYTEA PRIMARY KEY,
    settings       TEXT NOT NULL
);

-- Profiles that would replace an account's, until a login proves the key in one of them.
CREATE TABLE pending_profiles (
    address        BYTEA NOT NULL,
    -- SHA-256 of the canonical profile inside, without its signature.
    profile_hash   BYTEA NOT NULL,
    profile        TEXT NOT NULL,
    -- Milliseconds since 1970.
    posted_at      BIGINT NOT NULL,
    PRIMARY KEY (address, profile_hash)
);
