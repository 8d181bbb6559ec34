-- A revision made by an append reads several upload segments, one after the other.
ALTER TABLE revisions ADD COLUMN segments BYTEA;   -- the segment list, in order; NULL: only its own upload segment
ALTER TABLE revisions ADD COLUMN tail BYTEA;       -- the resumable digest (SHA-256) of the text so far; NULL: not known

-- When the server that receives the upload was last alive.
ALTER TABLE uploads ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;

-- Upload segments that a server is reading for a longer time. They are not collected before this time.
CREATE TABLE leases (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    holder     BIGINT NOT NULL,     -- the server, by a number that it generated at its start
    until      BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run, holder)
);

-- Idempotency keys of writes, and their answers.
CREATE TABLE idempotency_keys (
    scope       TEXT   NOT NULL,    -- the caller that sent the key; empty: an anonymous caller
    key         TEXT   NOT NULL,
    holder      BIGINT NOT NULL,    -- the request that holds it, by its own number
    renewed_at  BIGINT NOT NULL,    -- when the request was last alive; for an answer, its time
    fingerprint BYTEA,               -- SHA-256 of the request; NULL: still in flight
    answer      BYTEA,               -- status, headers and body
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (renewed_at);
