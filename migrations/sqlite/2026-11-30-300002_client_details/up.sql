-- What the operator notes about a client, and whom to ask about it.
ALTER TABLE clients ADD COLUMN note TEXT;
ALTER TABLE clients ADD COLUMN contact TEXT;
-- When a key expires; NULL: never.
ALTER TABLE client_keys ADD COLUMN expires_at BIGINT;
