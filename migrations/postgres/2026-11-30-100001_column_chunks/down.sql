DROP TABLE column_chunks;
