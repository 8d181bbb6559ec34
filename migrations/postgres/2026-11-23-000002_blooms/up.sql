-- Bloom filters of the texts in the columns of a block; NULL: there are none.
ALTER TABLE chunks ADD COLUMN blooms BYTEA;
