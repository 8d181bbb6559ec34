ALTER TABLE client_keys DROP COLUMN expires_at;
ALTER TABLE clients DROP COLUMN contact;
ALTER TABLE clients DROP COLUMN note;
