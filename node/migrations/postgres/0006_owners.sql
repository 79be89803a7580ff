-- Who fills a mailbox. The address that the sender's name led to when the message came; NULL if to none.
ALTER TABLE messages ADD COLUMN sender_address BYTEA;
-- 0: nobody can say who sent it; it gives way to what is known. 1: verified. 2: verified, and on the receiver's list.
-- What was taken before this was known never gives way.
ALTER TABLE messages ADD COLUMN standing SMALLINT NOT NULL DEFAULT 2;
CREATE INDEX messages_that_give_way ON messages (mailbox, seq, size) WHERE standing = 0;

-- What of a mailbox is whose. `share` is empty for all unknown senders together, one byte (01) for all that are
-- verified alone, and an address for each known sender. Kept by the triggers below, under the lock of the mailbox's row.
CREATE TABLE mailbox_shares (
    mailbox        BYTEA NOT NULL,
    share          BYTEA NOT NULL,
    messages       BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    PRIMARY KEY (mailbox, share)
) WITH (fillfactor = 50);
CREATE FUNCTION messages_shared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO mailbox_shares AS shares (mailbox, share, messages, bytes)
        SELECT mailbox, owner, count(*), sum(size) FROM (
            SELECT mailbox, size, CASE standing WHEN 0 THEN ''::bytea ELSE '\x01'::bytea END AS owner
            FROM changed WHERE standing < 2
            UNION ALL
            SELECT mailbox, size, sender_address FROM changed WHERE standing > 0 AND sender_address IS NOT NULL
        ) AS owned GROUP BY mailbox, owner ORDER BY mailbox, owner
        ON CONFLICT (mailbox, share) DO UPDATE
        SET messages = shares.messages + excluded.messages, bytes = shares.bytes + excluded.bytes;
    ELSE
        UPDATE mailbox_shares AS shares
        SET messages = shares.messages - sums.messages, bytes = shares.bytes - sums.bytes
        FROM (SELECT mailbox, owner, count(*) AS messages, sum(size) AS bytes FROM (
            SELECT mailbox, size, CASE standing WHEN 0 THEN ''::bytea ELSE '\x01'::bytea END AS owner
            FROM changed WHERE standing < 2
            UNION ALL
            SELECT mailbox, size, sender_address FROM changed WHERE standing > 0 AND sender_address IS NOT NULL
        ) AS owned GROUP BY mailbox, owner) AS sums
        WHERE shares.mailbox = sums.mailbox AND shares.share = sums.owner;
        DELETE FROM mailbox_shares WHERE messages <= 0 AND mailbox IN (SELECT mailbox FROM changed);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER messages_shared AFTER INSERT ON messages
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messages_shared();
CREATE TRIGGER messages_unshared AFTER DELETE ON messages
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messages_shared();

-- What verified senders have signed for each mailbox, so that a signature brings one message. The hashes are SHA-256.
CREATE TABLE taken_signatures (
    mailbox        BYTEA NOT NULL,
    -- Of what was signed.
    signed         BYTEA NOT NULL,
    -- Of the envelope that it came with.
    envelope_hash  BYTEA NOT NULL,
    -- Milliseconds since 1970.
    taken_at       BIGINT NOT NULL,
    PRIMARY KEY (mailbox, signed)
);
CREATE INDEX taken_signatures_by_age ON taken_signatures (taken_at);

-- Raised when the account's keys change and when it signs out everywhere: sessions of an earlier epoch are over.
ALTER TABLE accounts ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- What the node notes about itself. Times are milliseconds since 1970.
CREATE TABLE marks (
    name           TEXT PRIMARY KEY,
    value          BIGINT NOT NULL
);
