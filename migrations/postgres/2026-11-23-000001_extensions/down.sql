DROP TABLE client_extensions;
