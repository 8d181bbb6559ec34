-- How much a write may change the schema of the dataset: any, additive or none; NULL: any.
ALTER TABLE datasets ADD COLUMN schema_changes TEXT;
