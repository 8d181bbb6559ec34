DROP TABLE idempotency_keys;
DROP TABLE leases;
ALTER TABLE uploads DROP COLUMN renewed_at;
ALTER TABLE revisions DROP COLUMN tail;
ALTER TABLE revisions DROP COLUMN segments;
