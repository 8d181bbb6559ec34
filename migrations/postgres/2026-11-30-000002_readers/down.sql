DROP TABLE reader_columns;
DROP TABLE readers;
