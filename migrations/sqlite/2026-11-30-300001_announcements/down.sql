DROP TABLE default_versions;
DROP TABLE sunsets;
DROP TABLE servers;
