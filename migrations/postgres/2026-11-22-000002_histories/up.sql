-- A revision that was made by appending reads several runs one after the other.
ALTER TABLE revisions ADD COLUMN segments BYTEA;   -- which runs, in order; NULL: the run that made it, alone
ALTER TABLE revisions ADD COLUMN tail BYTEA;       -- SHA-256 of the text so far, to go on with; NULL: not known

-- When the server that receives the upload was last known to live.
ALTER TABLE uploads ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;

-- Runs that some server is reading for longer than a moment: they are not swept before this time.
CREATE TABLE leases (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    holder     BIGINT NOT NULL,     -- the server, by a number it made at its start
    until      BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run, holder)
);

-- Writes that came with an Idempotency-Key, and their answers.
CREATE TABLE idempotency_keys (
    scope       TEXT   NOT NULL,    -- whose key it is; empty: an anonymous caller's
    key         TEXT   NOT NULL,
    holder      BIGINT NOT NULL,    -- the request that has it, by a number of its own
    renewed_at  BIGINT NOT NULL,    -- when the request was last known to live; of an answer, when it was given
    fingerprint BYTEA,               -- SHA-256 of the request; NULL: it is still in flight
    answer      BYTEA,               -- status, headers and body
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (renewed_at);
