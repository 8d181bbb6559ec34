-- Times are microseconds since 1970-01-01T00:00:00Z. Flash generates identifiers from the time and a random part,
-- so that replicas never wait for each other to get one.

-- A dataset is a name and a pointer to its newest revision.
CREATE TABLE datasets (
    id         INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    revision   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

-- A revision: its upload segments, and the metadata to read them. It never changes.
CREATE TABLE revisions (
    dataset_id   BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    run          BIGINT NOT NULL,
    row_count    BIGINT NOT NULL,
    byte_count   BIGINT NOT NULL,   -- of the source, as it was uploaded
    sha256       BLOB   NOT NULL,   -- of the source
    content_type TEXT   NOT NULL,   -- of the source
    transcoded   BOOLEAN NOT NULL,  -- whether `sources` has the source
    profile      BLOB   NOT NULL,   -- the layout of the text and statistics of its columns; small, so that
                                    -- the row fits into its page
    author       TEXT,              -- NULL: anonymous
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, number)
) WITHOUT ROWID;

-- The block index: what a reader needs to find or skip a block. The text is in `chunk_data`, so that this table stays
-- small.
CREATE TABLE chunks (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_row  BIGINT NOT NULL,     -- number of the first row, from 0
    seq        BIGINT NOT NULL,     -- position in the upload segment, from 0
    row_count  BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,     -- offset in the text of the upload segment
    body_start BIGINT NOT NULL,     -- bytes of byte-order mark and header before the first row
    stats      BLOB   NOT NULL,     -- per column: least, greatest, number of nulls
    PRIMARY KEY (dataset_id, run, first_row, seq)
) WITHOUT ROWID;

-- The texts of blocks, by offset.
CREATE TABLE chunk_data (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    digest     BLOB   NOT NULL,     -- XXH3, 128 bits, of the text
    data       BLOB   NOT NULL,     -- zstd of the text
    PRIMARY KEY (dataset_id, run, first_byte)
) WITHOUT ROWID;

-- The uploaded bytes, in parts, of an upload segment whose text was decoded from another charset.
CREATE TABLE sources (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    first_byte BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    digest     BLOB   NOT NULL,
    data       BLOB   NOT NULL,
    PRIMARY KEY (dataset_id, run, first_byte)
) WITHOUT ROWID;

-- Upload segments that have blocks, and no revision yet.
CREATE TABLE uploads (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run)
) WITHOUT ROWID;

-- Tombstones: upload segments that no revision refers to any more. Their blocks are collected once no reader can need them.
CREATE TABLE garbage (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, run)
) WITHOUT ROWID;

-- Keys that all servers of one store share.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
