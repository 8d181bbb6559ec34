DROP TABLE secrets;
DROP TABLE garbage;
DROP TABLE uploads;
DROP TABLE sources;
DROP TABLE chunk_data;
DROP TABLE chunks;
DROP TABLE revisions;
DROP TABLE datasets;
