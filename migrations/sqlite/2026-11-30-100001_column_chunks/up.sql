-- The values of columns as codes, for queries that look at every row. Everything here is made from the texts of blocks, and can be
-- made again.
CREATE TABLE column_chunks (
    dataset_id BIGINT NOT NULL,
    run        BIGINT NOT NULL,
    place      BIGINT NOT NULL,     -- index of the column; -1: the row group itself; -2: which server builds, and since when
    first_row  BIGINT NOT NULL,     -- number of the row group's first row, from 0
    row_count  BIGINT NOT NULL,
    stats      BLOB   NOT NULL,     -- least, greatest, number of nulls
    digest     BLOB   NOT NULL,     -- XXH3, 128 bits, of the data
    data       BLOB   NOT NULL,
    PRIMARY KEY (dataset_id, run, place, first_row)
) WITHOUT ROWID;
