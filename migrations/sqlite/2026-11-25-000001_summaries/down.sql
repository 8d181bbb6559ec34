ALTER TABLE chunks DROP COLUMN summary;
