DROP TABLE former_schemas;
ALTER TABLE datasets DROP COLUMN last_schema;
DROP INDEX revisions_without_schema;
ALTER TABLE revisions DROP COLUMN schema_minor;
ALTER TABLE revisions DROP COLUMN schema_major;
