-- Who fills a mailbox. The address that the sender's name led to when the message came; NULL if to none.
ALTER TABLE messages ADD COLUMN sender_address BLOB;
-- 0: nobody can say who sent it; it gives way to what is known. 1: verified. 2: verified, and on the receiver's list.
-- What was taken before this was known never gives way.
ALTER TABLE messages ADD COLUMN standing INTEGER NOT NULL DEFAULT 2;
CREATE INDEX messages_that_give_way ON messages (mailbox, seq, size) WHERE standing = 0;

-- What of a mailbox is whose. `share` is empty for all unknown senders together, one byte (01) for all that are
-- verified alone, and an address for each known sender. Kept by the triggers below.
CREATE TABLE mailbox_shares (
    mailbox        BLOB NOT NULL,
    share          BLOB NOT NULL,
    messages       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    PRIMARY KEY (mailbox, share)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER messages_shared AFTER INSERT ON messages BEGIN
    INSERT INTO mailbox_shares (mailbox, share, messages, bytes)
        SELECT new.mailbox, CASE new.standing WHEN 0 THEN x'' ELSE x'01' END, 1, new.size WHERE new.standing < 2
        ON CONFLICT (mailbox, share) DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
    INSERT INTO mailbox_shares (mailbox, share, messages, bytes)
        SELECT new.mailbox, new.sender_address, 1, new.size
        WHERE new.standing > 0 AND new.sender_address IS NOT NULL
        ON CONFLICT (mailbox, share) DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER messages_unshared AFTER DELETE ON messages BEGIN
    UPDATE mailbox_shares SET messages = messages - 1, bytes = bytes - old.size
        WHERE mailbox = old.mailbox AND (
            (old.standing < 2 AND share = CASE old.standing WHEN 0 THEN x'' ELSE x'01' END)
            OR (old.standing > 0 AND share = old.sender_address));
    DELETE FROM mailbox_shares WHERE mailbox = old.mailbox AND messages <= 0 AND (
            share IN (x'', x'01') OR share = old.sender_address);
END;

-- What verified senders have signed for each mailbox, so that a signature brings one message. The hashes are SHA-256.
CREATE TABLE taken_signatures (
    mailbox        BLOB NOT NULL,
    -- Of what was signed.
    signed         BLOB NOT NULL,
    -- Of the envelope that it came with.
    envelope_hash  BLOB NOT NULL,
    -- Milliseconds since 1970.
    taken_at       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, signed)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_signatures_by_age ON taken_signatures (taken_at);

-- Raised when the account's keys change and when it signs out everywhere: sessions of an earlier epoch are over.
ALTER TABLE accounts ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

-- What the node notes about itself. Times are milliseconds since 1970.
CREATE TABLE marks (
    name           TEXT PRIMARY KEY NOT NULL,
    value          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
