-- Reads per dataset, caller and day.
CREATE TABLE readers (
    dataset_id BIGINT NOT NULL,
    client_id  BIGINT NOT NULL,        -- 0: anonymous callers
    family     TEXT   NOT NULL,        -- for anonymous callers: their kind of user agent
    day        BIGINT NOT NULL,        -- days since 1970-01-01
    requests   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, client_id, family, day)
);
CREATE INDEX readers_by_day ON readers (day);

-- The columns that a caller names in its reads, and when it last did.
CREATE TABLE reader_columns (
    dataset_id BIGINT NOT NULL,
    client_id  BIGINT NOT NULL,
    family     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    last_at    BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, client_id, family, name)
);
CREATE INDEX reader_columns_by_time ON reader_columns (last_at);
