-- The roles and the database, as docs/operators.md has them, with the passwords of compose.yaml.
CREATE ROLE propertyos_owner LOGIN PASSWORD 'owner-secret';
CREATE ROLE propertyos_app LOGIN PASSWORD 'app-secret';
CREATE ROLE propertyos_stream LOGIN PASSWORD 'stream-secret';
CREATE ROLE propertyos_append NOLOGIN;
GRANT propertyos_append TO propertyos_owner;
CREATE DATABASE propertyos OWNER propertyos_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
GRANT CREATE ON DATABASE propertyos TO propertyos_stream;
