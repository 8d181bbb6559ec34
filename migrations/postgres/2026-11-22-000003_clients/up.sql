-- Registered clients, and their pins.
CREATE TABLE clients (
    id               BIGINT  NOT NULL PRIMARY KEY,
    name             TEXT    COLLATE "C" NOT NULL UNIQUE,
    created_at       BIGINT  NOT NULL,
    disabled_at      BIGINT,           -- NULL: it is enabled
    first_contact_at BIGINT,           -- NULL: it has not called yet
    pin              BIGINT            -- N of vN; NULL until its first contact
);

-- The keys of clients. During a rotation, a client has several.
CREATE TABLE client_keys (
    digest    BYTEA  NOT NULL PRIMARY KEY,  -- SHA-256 of the key
    client_id  BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX client_keys_by_client ON client_keys (client_id);

-- The history of each pin.
CREATE TABLE client_moves (
    client_id    BIGINT NOT NULL,
    number       BIGINT NOT NULL,      -- from 1
    moved_at     BIGINT NOT NULL,
    moved_by     TEXT   NOT NULL,      -- first-contact, client or operator
    from_version BIGINT,               -- NULL: there was no pin
    to_version   BIGINT NOT NULL,
    PRIMARY KEY (client_id, number)
);

-- The client that owns the dataset; NULL: created by an anonymous caller.
ALTER TABLE datasets ADD COLUMN owner BIGINT;

-- Requests per caller, version, operation and day.
CREATE TABLE usage (
    client_id BIGINT NOT NULL,         -- 0: anonymous callers
    version   BIGINT NOT NULL,
    family    TEXT   NOT NULL,         -- for anonymous callers: their kind of user agent
    operation TEXT   NOT NULL,
    day       BIGINT NOT NULL,         -- days since 1970-01-01
    requests  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, version, family, operation, day)
);
