-- Which texts the columns of a chunk do not have; NULL: nothing is known.
ALTER TABLE chunks ADD COLUMN blooms BLOB;
