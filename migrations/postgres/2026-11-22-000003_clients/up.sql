-- Those who have a key, and the version that each is pinned to.
CREATE TABLE clients (
    id               BIGINT  NOT NULL PRIMARY KEY,
    name             TEXT    COLLATE "C" NOT NULL UNIQUE,
    created_at       BIGINT  NOT NULL,
    disabled_at      BIGINT,           -- NULL: it is not
    first_contact_at BIGINT,           -- NULL: it has not called yet
    pin              BIGINT            -- N of vN; NULL until its first contact
);

-- Their keys: a client has two while it changes from one to the other.
CREATE TABLE client_keys (
    digest    BYTEA  NOT NULL PRIMARY KEY,  -- SHA-256 of the key
    client_id  BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX client_keys_by_client ON client_keys (client_id);

-- How each pin came about.
CREATE TABLE client_moves (
    client_id    BIGINT NOT NULL,
    number       BIGINT NOT NULL,      -- from 1
    moved_at     BIGINT NOT NULL,
    moved_by     TEXT   NOT NULL,      -- first-contact, client or operator
    from_version BIGINT,               -- NULL: there was no pin
    to_version   BIGINT NOT NULL,
    PRIMARY KEY (client_id, number)
);

-- Whose a dataset is; NULL: made by somebody without a key.
ALTER TABLE datasets ADD COLUMN owner BIGINT;

-- Who calls which operation of which version, by day.
CREATE TABLE usage (
    client_id BIGINT NOT NULL,         -- 0: callers without a key
    version   BIGINT NOT NULL,
    family    TEXT   NOT NULL,         -- of callers without a key: their kind of user agent
    operation TEXT   NOT NULL,
    day       BIGINT NOT NULL,         -- since 1970-01-01
    requests  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, version, family, operation, day)
);
