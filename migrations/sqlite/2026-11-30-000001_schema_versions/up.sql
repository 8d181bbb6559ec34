-- The schema version of a revision; NULL: an earlier release wrote it, and it follows from the revisions before.
ALTER TABLE revisions ADD COLUMN schema_major BIGINT;
ALTER TABLE revisions ADD COLUMN schema_minor BIGINT;
CREATE INDEX revisions_without_schema ON revisions (dataset_id) WHERE schema_major IS NULL;

-- The schema of the newest revision that has a version: in case that earlier releases add revisions and remove that one.
ALTER TABLE datasets ADD COLUMN last_schema BLOB;

-- The last schema of deleted datasets, so that a dataset that gets the name again continues its versions.
CREATE TABLE former_schemas (
    name        TEXT   NOT NULL PRIMARY KEY,
    last_schema BLOB   NOT NULL,
    since       BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX former_schemas_by_since ON former_schemas (since);
