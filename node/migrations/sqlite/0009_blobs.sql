-- Sealed files that are too large for a message, in pieces. Hashes are SHA-256; times are milliseconds since 1970.
CREATE TABLE blobs (
    -- The hash of what its address ends with, so that the database does not know the address.
    id             BLOB PRIMARY KEY NOT NULL,
    owner          BLOB NOT NULL,
    size           INTEGER NOT NULL,
    hash           BLOB NOT NULL,
    -- How many bytes have come.
    stored         INTEGER NOT NULL,
    -- 0: it is still coming. 1: complete, and its hash is right. 2: it is being removed.
    state          INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX blobs_by_owner ON blobs (owner);
CREATE INDEX blobs_by_end ON blobs (ends_at);

CREATE TABLE blob_pieces (
    seq            INTEGER PRIMARY KEY,
    blob           BLOB NOT NULL REFERENCES blobs (id),
    -- Counted from 0.
    place          INTEGER NOT NULL,
    data           BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX blob_pieces_once ON blob_pieces (blob, place);

-- How much is kept or promised, by owner; an empty owner stands for all. Kept by the triggers below.
CREATE TABLE blob_usage (
    owner          BLOB PRIMARY KEY NOT NULL,
    blobs          INTEGER NOT NULL,
    bytes          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER blobs_counted AFTER INSERT ON blobs BEGIN
    INSERT INTO blob_usage (owner, blobs, bytes) VALUES (x'', 1, new.size), (new.owner, 1, new.size)
        ON CONFLICT (owner) DO UPDATE SET blobs = blobs + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER blobs_uncounted AFTER DELETE ON blobs BEGIN
    UPDATE blob_usage SET blobs = blobs - 1, bytes = bytes - old.size WHERE owner IN (x'', old.owner);
    DELETE FROM blob_usage WHERE owner = old.owner AND blobs <= 0;
END;
