-- Raised by every change of an account, so that what was read of it can be checked for being current.
ALTER TABLE accounts ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- What waits in each mailbox. A row for each account with a mailbox, kept by the triggers below.
CREATE TABLE mailboxes (
    mailbox        BLOB PRIMARY KEY NOT NULL,
    messages       INTEGER NOT NULL DEFAULT 0,
    -- Bytes of the envelopes.
    bytes          INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO mailboxes (mailbox) SELECT address FROM accounts WHERE mailbox_since IS NOT NULL;
INSERT INTO mailboxes (mailbox, messages, bytes)
    SELECT mailbox, count(*), sum(size) FROM messages WHERE true GROUP BY mailbox
    ON CONFLICT (mailbox) DO UPDATE SET messages = excluded.messages, bytes = excluded.bytes;

CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    UPDATE mailboxes SET messages = messages + 1, bytes = bytes + new.size WHERE mailbox = new.mailbox;
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    UPDATE mailboxes SET messages = messages - 1, bytes = bytes - old.size WHERE mailbox = old.mailbox;
END;

-- A page of a mailbox reads nobody else's messages.
CREATE INDEX messages_by_number ON messages (mailbox, seq, size);
