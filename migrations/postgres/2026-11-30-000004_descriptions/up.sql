-- What people say about a dataset and its columns. It stays when revisions are replaced.
CREATE TABLE descriptions (
    dataset_id BIGINT NOT NULL PRIMARY KEY,
    number     BIGINT NOT NULL,        -- another one with each change
    document   BYTEA  NOT NULL         -- JSON
);
-- The number of the dataset's description; NULL: it has none.
ALTER TABLE datasets ADD COLUMN description BIGINT;
