-- Later retirement dates of versions for one client.
CREATE TABLE client_extensions (
    client_id  BIGINT NOT NULL,
    version    BIGINT NOT NULL,        -- N of vN
    retires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, version)
);
