-- Rate limits of clients that have their own.
CREATE TABLE client_limits (
    client_id BIGINT NOT NULL PRIMARY KEY,
    requests  BIGINT NOT NULL,         -- in so many seconds; 0: no limit
    seconds   BIGINT NOT NULL
);
