-- Who has a profile here. Times are milliseconds since 1970; addresses are 20 raw bytes.
CREATE TABLE accounts (
    address        BLOB PRIMARY KEY NOT NULL,
    -- Canonical JSON of the signed profile.
    profile        TEXT NOT NULL,
    -- SHA-256 of the canonical profile inside, without its signature.
    profile_hash   BLOB NOT NULL,
    -- Since when the account uses the mailbox, the encrypted storage and the name gateway.
    mailbox_since  INTEGER,
    storage_since  INTEGER,
    gateway_since  INTEGER
) STRICT, WITHOUT ROWID;

-- Profiles that were replaced; they are never taken again.
CREATE TABLE superseded_profiles (
    address        BLOB NOT NULL,
    profile_hash   BLOB NOT NULL,
    PRIMARY KEY (address, profile_hash)
) STRICT, WITHOUT ROWID;

-- Names that users claimed, one for each address.
CREATE TABLE names (
    name           TEXT PRIMARY KEY NOT NULL,
    address        BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Challenges that were answered, until they would have ended anyway. In seconds since 1970.
CREATE TABLE answered_challenges (
    id             TEXT PRIMARY KEY NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answered_challenges_by_end ON answered_challenges (expires_at);

CREATE TABLE messages (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The receiver's address.
    mailbox        BLOB NOT NULL,
    -- The sender's name as claimed, in lower case.
    sender         TEXT NOT NULL,
    -- The hash that the sender claims for the message; receivers acknowledge by it.
    message_hash   TEXT NOT NULL,
    -- SHA-256 of the canonical envelope as submitted.
    envelope_hash  BLOB NOT NULL,
    received_at    INTEGER NOT NULL,
    -- Bytes of the envelope.
    size           INTEGER NOT NULL,
    -- The envelope as receivers get it.
    envelope       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_once ON messages (mailbox, envelope_hash);
CREATE INDEX messages_by_sender ON messages (mailbox, sender, seq, size);
CREATE INDEX messages_by_hash ON messages (mailbox, message_hash, sender);
CREATE INDEX messages_by_age ON messages (received_at);
