-- The servers of this database, and what each announces: the lifecycles of the versions, and the default version.
CREATE TABLE servers (
    holder     BIGINT NOT NULL PRIMARY KEY,  -- the process, as in leases
    release    TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,              -- its last heartbeat
    stopped_at BIGINT,                       -- NULL: it has not said that it stops
    announces  TEXT   NOT NULL               -- JSON
) WITHOUT ROWID;

-- The latest date that was announced for the retirement of a version.
CREATE TABLE sunsets (
    version      BIGINT NOT NULL PRIMARY KEY,
    retires_at   BIGINT NOT NULL,
    announced_at BIGINT NOT NULL
) WITHOUT ROWID;

-- The versions of callers that name none.
CREATE TABLE default_versions (
    version   BIGINT NOT NULL PRIMARY KEY,
    chosen_at BIGINT,                        -- when a server last started with it as the default; NULL: never
    served_at BIGINT                         -- when somebody who named no version got it; NULL: never
) WITHOUT ROWID;
-- Releases before this one have version 1 as the default. They don't record who named it.
INSERT INTO default_versions (version, served_at)
    SELECT version, max(last_at) FROM usage WHERE client_id = 0 AND version = 1 GROUP BY version;
