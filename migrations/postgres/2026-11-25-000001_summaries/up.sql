-- What the columns of the whole run hold, in little, with the run's first chunk; NULL: it is found out from the chunks.
ALTER TABLE chunks ADD COLUMN summary BYTEA;
