-- Who has a profile here. Times are milliseconds since 1970; addresses are 20 raw bytes.
CREATE TABLE accounts (
    address        BYTEA PRIMARY KEY,
    -- Canonical JSON of the signed profile.
    profile        TEXT NOT NULL,
    -- SHA-256 of the canonical profile inside, without its signature.
    profile_hash   BYTEA NOT NULL,
    -- Since when the account uses the mailbox, the encrypted storage and the name gateway.
    mailbox_since  BIGINT,
    storage_since  BIGINT,
    gateway_since  BIGINT
);

-- Profiles that were replaced; they are never taken again.
CREATE TABLE superseded_profiles (
    address        BYTEA NOT NULL,
    profile_hash   BYTEA NOT NULL,
    PRIMARY KEY (address, profile_hash)
);

-- Names that users claimed, one for each address.
CREATE TABLE names (
    name           TEXT COLLATE "C" PRIMARY KEY,
    address        BYTEA NOT NULL UNIQUE
);

-- Challenges that were answered, until they would have ended anyway. In seconds since 1970.
CREATE TABLE answered_challenges (
    id             TEXT COLLATE "C" PRIMARY KEY,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX answered_challenges_by_end ON answered_challenges (expires_at);

CREATE TABLE messages (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The receiver's address.
    mailbox        BYTEA NOT NULL,
    -- The sender's name as claimed, in lower case.
    sender         TEXT COLLATE "C" NOT NULL,
    -- The hash that the sender claims for the message; receivers acknowledge by it.
    message_hash   TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the canonical envelope as submitted.
    envelope_hash  BYTEA NOT NULL,
    received_at    BIGINT NOT NULL,
    -- Bytes of the envelope.
    size           BIGINT NOT NULL,
    -- The envelope as receivers get it.
    envelope       TEXT NOT NULL
);
CREATE UNIQUE INDEX messages_once ON messages (mailbox, envelope_hash);
CREATE INDEX messages_by_number ON messages (mailbox, seq, size);
CREATE INDEX messages_by_sender ON messages (mailbox, sender, seq, size);
CREATE INDEX messages_by_hash ON messages (mailbox, message_hash, sender);
CREATE INDEX messages_by_age ON messages (received_at);
