-- Times are microseconds since 1970-01-01T00:00:00Z. Identifiers are made by Flash (time first, then chance),
-- so that replicas never wait for one another to get one.

-- A dataset is a name and a pointer to its newest revision.
CREATE TABLE datasets (
    id         BIGINT  NOT NULL PRIMARY KEY,
    name       TEXT    COLLATE "C" NOT NULL UNIQUE,
    revision   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

-- A revision is a run of chunks plus what reading them needs. It never changes.
CREATE TABLE revisions (
    dataset_id   BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    run          BIGINT NOT NULL,
    row_count    BIGINT NOT NULL,
    byte_count   BIGINT NOT NULL,   -- of the source, as it was uploaded
    sha256       BYTEA  NOT NULL,   -- of the source
    content_type TEXT   NOT NULL,   -- of the source
    transcoded   BOOLEAN NOT NULL,  -- the source is kept apart, in `sources`
    profile      BYTEA  NOT NULL,   -- how the text is laid out, and what is known of its columns; small, so that
                                    -- the row stays in its page
    author       TEXT,              -- NULL: anonymous
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, number)
);

-- What a reader needs to find a chunk by its rows, or to skip it; the text itself is in `chunk_data`, so that this
-- stays small.
CREATE TABLE chunks (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_row  BIGINT NOT NULL,     -- number of the first row, from 0
    seq        BIGINT NOT NULL,     -- place in the run, from 0
    row_count  BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,     -- offset of the text in the run's text
    body_start BIGINT NOT NULL,     -- bytes of mark and header before the first row
    stats      BYTEA  NOT NULL,     -- per column: least, greatest, number of nulls
    PRIMARY KEY (dataset_id, run, first_row, seq)
);

-- The texts of chunks, found by their offsets.
CREATE TABLE chunk_data (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    digest     BYTEA  NOT NULL,     -- XXH3, 128 bits, of the text
    data       BYTEA  NOT NULL,     -- zstd of the text
    PRIMARY KEY (dataset_id, run, first_byte)
);

-- The uploaded bytes of a run whose text had to be decoded from another charset, in blocks.
CREATE TABLE sources (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    digest     BYTEA  NOT NULL,
    data       BYTEA  NOT NULL,
    PRIMARY KEY (dataset_id, run, first_byte)
);

-- Runs that have chunks and no revision yet.
CREATE TABLE uploads (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run)
);

-- Runs that no revision refers to any more; their chunks are swept once nobody can still be reading them.
CREATE TABLE garbage (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run)
);

-- Keys that all servers of one store share.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- What is packed already is not packed again.
ALTER TABLE chunk_data ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE sources ALTER COLUMN data SET STORAGE EXTERNAL;
