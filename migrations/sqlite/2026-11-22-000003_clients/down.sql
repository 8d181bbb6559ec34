DROP TABLE usage;
ALTER TABLE datasets DROP COLUMN owner;
DROP TABLE client_moves;
DROP TABLE client_keys;
DROP TABLE clients;
