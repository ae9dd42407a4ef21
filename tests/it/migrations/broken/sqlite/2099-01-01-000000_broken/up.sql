-- Fails when half of it is done.
ALTER TABLE units ADD COLUMN remark TEXT NOT NULL DEFAULT 'none';
DELETE FROM idempotency;
INSERT INTO nowhere (id) VALUES (1);
