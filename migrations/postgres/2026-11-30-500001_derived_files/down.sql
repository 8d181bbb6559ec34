DROP TABLE derived_files;
