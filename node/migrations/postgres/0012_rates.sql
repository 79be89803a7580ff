-- What is counted for all processes together: until when (milliseconds since 1970) what was counted is spread. `rate_key` is
-- a hash of what is counted and for whom.
CREATE TABLE rates (
    rate_key       BYTEA PRIMARY KEY NOT NULL,
    spread_until   BIGINT NOT NULL
);
