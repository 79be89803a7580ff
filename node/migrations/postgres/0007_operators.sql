-- What operators do to what people have here. Times are milliseconds since 1970.

-- What is refused. `kind`: an account or a sender by `subject`, its address in lower case with 0x or a sender's name;
-- or a label that nobody may claim.
CREATE TABLE blocks (
    kind           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    since          BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);

-- Who did what to whom, and when. Only ever added to.
CREATE TABLE operator_acts (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             BIGINT NOT NULL,
    operator       TEXT NOT NULL,
    act            TEXT NOT NULL,
    subject        TEXT NOT NULL
);

-- Where the numbers of an account go on that was deleted, so that neither its sessions nor what was cached of it
-- pass for those of the same address later.
CREATE TABLE ended_accounts (
    address        BYTEA PRIMARY KEY NOT NULL,
    epoch          BIGINT NOT NULL,
    version        BIGINT NOT NULL
);

-- When somebody signed in last, to the hour.
ALTER TABLE accounts ADD COLUMN last_login BIGINT;
