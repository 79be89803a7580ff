-- Burns that this server brings to the chain. All that a transaction is made of is kept before it is sent, so that the same
-- one is sent again, and none is paid for twice.
CREATE TABLE relayed_burns (
    -- Who pays, and which of their transactions it is.
    payer          BLOB NOT NULL,
    nonce          INTEGER NOT NULL,
    -- What the receiver signed.
    id             BLOB NOT NULL,
    owner          BLOB NOT NULL,
    contract       BLOB NOT NULL,
    data           BLOB NOT NULL,
    gas            INTEGER NOT NULL,
    -- In wei for each gas: at most, and of it for who makes blocks.
    fee            INTEGER NOT NULL,
    tip            INTEGER NOT NULL,
    -- In wei: at most, and what it was when that is known.
    cost           INTEGER NOT NULL,
    -- Since 1970.
    day            INTEGER NOT NULL,
    made_at        INTEGER NOT NULL,
    -- 0 waits, 1 is on the chain, 2 was in vain.
    state          INTEGER NOT NULL,
    fault          TEXT,
    PRIMARY KEY (payer, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX relayed_burns_by_id ON relayed_burns (id);
CREATE INDEX relayed_burns_by_owner ON relayed_burns (owner, made_at);
CREATE INDEX relayed_burns_by_day ON relayed_burns (day);
CREATE INDEX relayed_burns_that_wait ON relayed_burns (payer, nonce) WHERE state = 0;

-- One row, held while budgets are looked at and a transaction is given its number.
CREATE TABLE relay_turns (
    one            INTEGER NOT NULL PRIMARY KEY
) STRICT;
