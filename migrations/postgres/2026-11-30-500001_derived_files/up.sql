-- Files that were made of a revision, such as Parquet. The parts of a file are in `sources`, as those of an upload segment of its own.
CREATE TABLE derived_files (
    dataset_id BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    name       BYTEA  NOT NULL,        -- a digest of the format and the columns
    run        BIGINT NOT NULL,        -- the segment with the parts
    byte_count BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, revision, name)
);
