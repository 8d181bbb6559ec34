-- Summaries of the columns of the whole upload segment, in the row of its first block; NULL: computed from the blocks.
ALTER TABLE chunks ADD COLUMN summary BYTEA;
