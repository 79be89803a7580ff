-- Raised by every change of an account, so that what was read of it can be checked for being current.
ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- What waits in each mailbox. A row for each account with a mailbox, kept by the triggers below. Whoever adds or
-- removes messages locks these rows first, in the order of their addresses: nobody waits in a circle.
CREATE TABLE mailboxes (
    mailbox        BYTEA PRIMARY KEY,
    messages       BIGINT NOT NULL DEFAULT 0,
    -- Bytes of the envelopes.
    bytes          BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO mailboxes (mailbox) SELECT address FROM accounts WHERE mailbox_since IS NOT NULL;
INSERT INTO mailboxes (mailbox, messages, bytes)
    SELECT mailbox, count(*), sum(size) FROM messages GROUP BY mailbox
    ON CONFLICT (mailbox) DO UPDATE SET messages = excluded.messages, bytes = excluded.bytes;

CREATE FUNCTION messages_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE mailboxes SET messages = mailboxes.messages + sums.messages, bytes = mailboxes.bytes + sums.bytes
        FROM (SELECT mailbox, count(*) AS messages, sum(size) AS bytes FROM changed GROUP BY mailbox) AS sums
        WHERE mailboxes.mailbox = sums.mailbox;
    ELSE
        UPDATE mailboxes SET messages = mailboxes.messages - sums.messages, bytes = mailboxes.bytes - sums.bytes
        FROM (SELECT mailbox, count(*) AS messages, sum(size) AS bytes FROM changed GROUP BY mailbox) AS sums
        WHERE mailboxes.mailbox = sums.mailbox;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER messages_added AFTER INSERT ON messages
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messages_counted();
CREATE TRIGGER messages_removed AFTER DELETE ON messages
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messages_counted();
