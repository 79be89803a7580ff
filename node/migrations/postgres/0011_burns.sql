-- Burns that this server brings to the chain. All that a transaction is made of is kept before it is sent, so that the same
-- one is sent again, and none is paid for twice.
CREATE TABLE relayed_burns (
    -- Who pays, and which of their transactions it is.
    payer          BYTEA NOT NULL,
    nonce          BIGINT NOT NULL,
    -- What the receiver signed.
    id             BYTEA NOT NULL,
    owner          BYTEA NOT NULL,
    contract       BYTEA NOT NULL,
    data           BYTEA NOT NULL,
    gas            BIGINT NOT NULL,
    -- In wei for each gas: at most, and of it for who makes blocks.
    fee            BIGINT NOT NULL,
    tip            BIGINT NOT NULL,
    -- In wei: at most, and what it was when that is known.
    cost           BIGINT NOT NULL,
    -- Since 1970.
    day            BIGINT NOT NULL,
    made_at        BIGINT NOT NULL,
    -- 0 waits, 1 is on the chain, 2 was in vain.
    state          BIGINT NOT NULL,
    fault          TEXT,
    PRIMARY KEY (payer, nonce)
);
CREATE INDEX relayed_burns_by_id ON relayed_burns (id);
CREATE INDEX relayed_burns_by_owner ON relayed_burns (owner, made_at);
CREATE INDEX relayed_burns_by_day ON relayed_burns (day);
CREATE INDEX relayed_burns_that_wait ON relayed_burns (payer, nonce) WHERE state = 0;

-- One row, held while budgets are looked at and a transaction is given its number.
CREATE TABLE relay_turns (
    one            BIGINT NOT NULL PRIMARY KEY
);
