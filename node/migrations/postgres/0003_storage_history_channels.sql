-- The encrypted storage of deployed clients. Owners are addresses, 20 raw bytes; times are milliseconds since
-- 1970 where nothing else is said.
CREATE TABLE storage_conversations (
    id                TEXT PRIMARY KEY NOT NULL,
    owner             BYTEA NOT NULL,
    -- The contact's name, encrypted by the client.
    contact           TEXT NOT NULL,
    profile_location  TEXT NOT NULL,
    hidden            BOOLEAN NOT NULL DEFAULT FALSE,
    updated_at        BIGINT NOT NULL
);
CREATE UNIQUE INDEX storage_conversations_once ON storage_conversations (owner, contact);
CREATE INDEX storage_conversations_by_time ON storage_conversations (owner, hidden, updated_at);

CREATE TABLE storage_messages (
    seq               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner             BYTEA NOT NULL,
    id                TEXT NOT NULL,
    conversation      TEXT NOT NULL REFERENCES storage_conversations (id),
    created_at        BIGINT NOT NULL,
    halted            BOOLEAN NOT NULL,
    -- Bytes of the container.
    size              BIGINT NOT NULL,
    container         TEXT NOT NULL
);
CREATE UNIQUE INDEX storage_messages_once ON storage_messages (owner, id);
CREATE INDEX storage_messages_by_time ON storage_messages (conversation, created_at DESC, seq);
CREATE INDEX storage_messages_halted ON storage_messages (owner, seq) WHERE halted;

-- What an account uses of the encrypted storage.
CREATE TABLE storage_usage (
    owner             BYTEA PRIMARY KEY NOT NULL,
    bytes             BIGINT NOT NULL,
    conversations     BIGINT NOT NULL
);

-- History in records of our own. `version` counts an account's writes.
CREATE TABLE history_records (
    owner             BYTEA NOT NULL,
    conversation      TEXT NOT NULL,
    id                TEXT NOT NULL,
    version           BIGINT NOT NULL,
    -- NULL once it was deleted.
    data              BYTEA,
    PRIMARY KEY (owner, conversation, id)
);
CREATE UNIQUE INDEX history_records_by_version ON history_records (owner, version);
CREATE INDEX history_records_by_conversation ON history_records (owner, conversation, version);

CREATE TABLE history_usage (
    owner             BYTEA PRIMARY KEY NOT NULL,
    last_change       BIGINT NOT NULL,
    records           BIGINT NOT NULL,
    bytes             BIGINT NOT NULL
);

-- Who wants to be told of new messages, and how.
CREATE TABLE notified_accounts (
    owner             BYTEA PRIMARY KEY NOT NULL
);

CREATE TABLE notification_channels (
    owner             BYTEA NOT NULL,
    kind              TEXT NOT NULL,
    recipient         TEXT NOT NULL,
    enabled           BOOLEAN NOT NULL,
    verified          BOOLEAN NOT NULL,
    PRIMARY KEY (owner, kind)
);

-- One-time passwords. They are counted over the removal of a channel. Times are in seconds.
CREATE TABLE notification_codes (
    owner             BYTEA NOT NULL,
    kind              TEXT NOT NULL,
    -- NULL once it was used.
    digest            BYTEA,
    made_at           BIGINT NOT NULL,
    tries             BIGINT NOT NULL,
    -- How many were made since when.
    made              BIGINT NOT NULL,
    made_since        BIGINT NOT NULL,
    PRIMARY KEY (owner, kind)
);

-- How much was delivered. In seconds since 1970.
CREATE TABLE delivery_intervals (
    start             BIGINT PRIMARY KEY NOT NULL,
    messages          BIGINT NOT NULL,
    bytes             BIGINT NOT NULL,
    notifications     BIGINT NOT NULL
);
