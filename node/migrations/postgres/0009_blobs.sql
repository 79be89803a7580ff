-- Sealed files that are too large for a message, in pieces. Hashes are SHA-256; times are milliseconds since 1970.
CREATE TABLE blobs (
    -- The hash of what its address ends with, so that the database does not know the address.
    id             BYTEA PRIMARY KEY,
    owner          BYTEA NOT NULL,
    size           BIGINT NOT NULL,
    hash           BYTEA NOT NULL,
    -- How many bytes have come.
    stored         BIGINT NOT NULL,
    -- 0: it is still coming. 1: complete, and its hash is right. 2: it is being removed.
    state          BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL
);
CREATE INDEX blobs_by_owner ON blobs (owner);
CREATE INDEX blobs_by_end ON blobs (ends_at);

CREATE TABLE blob_pieces (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    blob           BYTEA NOT NULL REFERENCES blobs (id),
    -- Counted from 0.
    place          BIGINT NOT NULL,
    data           BYTEA NOT NULL
);
CREATE UNIQUE INDEX blob_pieces_once ON blob_pieces (blob, place);
-- What is sealed does not get smaller.
ALTER TABLE blob_pieces ALTER COLUMN data SET STORAGE EXTERNAL;

-- How much is kept or promised, by owner; an empty owner stands for all, and its row is always locked first. Kept by
-- the triggers below.
CREATE TABLE blob_usage (
    owner          BYTEA PRIMARY KEY,
    blobs          BIGINT NOT NULL,
    bytes          BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE FUNCTION blobs_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO blob_usage AS usage (owner, blobs, bytes) VALUES (''::bytea, 1, new.size), (new.owner, 1, new.size)
        ON CONFLICT (owner) DO UPDATE SET blobs = usage.blobs + 1, bytes = usage.bytes + excluded.bytes;
    ELSE
        UPDATE blob_usage SET blobs = blobs - 1, bytes = bytes - old.size WHERE owner = ''::bytea;
        UPDATE blob_usage SET blobs = blobs - 1, bytes = bytes - old.size WHERE owner = old.owner;
        DELETE FROM blob_usage WHERE owner = old.owner AND blobs <= 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER blobs_counted AFTER INSERT OR DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION blobs_counted();
