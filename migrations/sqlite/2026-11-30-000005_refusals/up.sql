-- Requests that were refused because of the version they asked for, per caller, version, reason and day.
CREATE TABLE refusals (
    client_id BIGINT NOT NULL,         -- 0: anonymous callers
    version   BIGINT NOT NULL,
    family    TEXT   NOT NULL,         -- for anonymous callers: their kind of user agent
    reason    TEXT   NOT NULL,         -- brownout or retired
    day       BIGINT NOT NULL,         -- days since 1970-01-01
    requests  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, version, family, reason, day)
) WITHOUT ROWID;
