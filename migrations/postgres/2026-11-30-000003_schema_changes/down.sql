ALTER TABLE datasets DROP COLUMN schema_changes;
