-- Which slots of deposits senders have promised to accounts here, so that a slot that is promised to two is seen.
CREATE TABLE promised_slots (
    contract       BLOB NOT NULL,
    sender         BLOB NOT NULL,
    -- The key that signs the deposit's vouchers.
    voucher_key    BLOB NOT NULL,
    epoch          INTEGER NOT NULL,
    first_slot     INTEGER NOT NULL,
    -- The first one above them.
    end_slot       INTEGER NOT NULL,
    receiver       BLOB NOT NULL,
    -- As it came, in JSON.
    voucher        TEXT NOT NULL,
    PRIMARY KEY (contract, sender, voucher_key, epoch, first_slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX promised_slots_by_age ON promised_slots (epoch);
CREATE INDEX promised_slots_by_receiver ON promised_slots (receiver);

-- One row for each deposit and epoch of which something was promised: held while that is looked through.
CREATE TABLE promising_deposits (
    contract       BLOB NOT NULL,
    sender         BLOB NOT NULL,
    voucher_key    BLOB NOT NULL,
    epoch          INTEGER NOT NULL,
    PRIMARY KEY (contract, sender, voucher_key, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX promising_deposits_by_age ON promising_deposits (epoch);

-- What proves that a slot was promised twice: for each of both receivers one proof of a deposit and epoch.
CREATE TABLE double_uses (
    owner          BLOB NOT NULL,
    contract       BLOB NOT NULL,
    sender         BLOB NOT NULL,
    voucher_key    BLOB NOT NULL,
    epoch          INTEGER NOT NULL,
    one            TEXT NOT NULL,
    other          TEXT NOT NULL,
    PRIMARY KEY (owner, contract, sender, voucher_key, epoch)
) STRICT, WITHOUT ROWID;
