-- The encrypted storage of deployed clients. Owners are addresses, 20 raw bytes; times are milliseconds since
-- 1970 where nothing else is said.
CREATE TABLE storage_conversations (
    id                TEXT PRIMARY KEY NOT NULL,
    owner             BLOB NOT NULL,
    -- The contact's name, encrypted by the client.
    contact           TEXT NOT NULL,
    profile_location  TEXT NOT NULL,
    hidden            INTEGER NOT NULL DEFAULT 0,
    updated_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX storage_conversations_once ON storage_conversations (owner, contact);
CREATE INDEX storage_conversations_by_time ON storage_conversations (owner, hidden, updated_at);

CREATE TABLE storage_messages (
    seq               INTEGER PRIMARY KEY AUTOINCREMENT,
    owner             BLOB NOT NULL,
    id                TEXT NOT NULL,
    conversation      TEXT NOT NULL REFERENCES storage_conversations (id),
    created_at        INTEGER NOT NULL,
    halted            INTEGER NOT NULL,
    -- Bytes of the container.
    size              INTEGER NOT NULL,
    container         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX storage_messages_once ON storage_messages (owner, id);
CREATE INDEX storage_messages_by_time ON storage_messages (conversation, created_at DESC, seq);
CREATE INDEX storage_messages_halted ON storage_messages (owner, seq) WHERE halted = 1;

-- What an account uses of the encrypted storage.
CREATE TABLE storage_usage (
    owner             BLOB PRIMARY KEY NOT NULL,
    bytes             INTEGER NOT NULL,
    conversations     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- History in records of our own. `version` counts an account's writes.
CREATE TABLE history_records (
    owner             BLOB NOT NULL,
    conversation      TEXT NOT NULL,
    id                TEXT NOT NULL,
    version           INTEGER NOT NULL,
    -- NULL once it was deleted.
    data              BLOB,
    PRIMARY KEY (owner, conversation, id)
) STRICT;
CREATE UNIQUE INDEX history_records_by_version ON history_records (owner, version);
CREATE INDEX history_records_by_conversation ON history_records (owner, conversation, version);

CREATE TABLE history_usage (
    owner             BLOB PRIMARY KEY NOT NULL,
    last_change       INTEGER NOT NULL,
    records           INTEGER NOT NULL,
    bytes             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who wants to be told of new messages, and how.
CREATE TABLE notified_accounts (
    owner             BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_channels (
    owner             BLOB NOT NULL,
    kind              TEXT NOT NULL,
    recipient         TEXT NOT NULL,
    enabled           INTEGER NOT NULL,
    verified          INTEGER NOT NULL,
    PRIMARY KEY (owner, kind)
) STRICT, WITHOUT ROWID;

-- One-time passwords. They are counted over the removal of a channel. Times are in seconds.
CREATE TABLE notification_codes (
    owner             BLOB NOT NULL,
    kind              TEXT NOT NULL,
    -- NULL once it was used.
    digest            BLOB,
    made_at           INTEGER NOT NULL,
    tries             INTEGER NOT NULL,
    -- How many were made since when.
    made              INTEGER NOT NULL,
    made_since        INTEGER NOT NULL,
    PRIMARY KEY (owner, kind)
) STRICT, WITHOUT ROWID;

-- How much was delivered. In seconds since 1970.
CREATE TABLE delivery_intervals (
    start             INTEGER PRIMARY KEY NOT NULL,
    messages          INTEGER NOT NULL,
    bytes             INTEGER NOT NULL,
    notifications     INTEGER NOT NULL
) STRICT;
