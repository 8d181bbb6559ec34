ALTER TABLE datasets DROP COLUMN description;
DROP TABLE descriptions;
