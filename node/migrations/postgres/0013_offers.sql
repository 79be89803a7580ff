-- What was offered before for a burn that waits, the first offer first: fee and tip, eight bytes each. Any of them may be the one
-- that the chain takes, and no more than one.
ALTER TABLE relayed_burns ADD COLUMN earlier_offers BYTEA NOT NULL DEFAULT '';
