-- By what the keys that the server keeps elsewhere are recognised.
CREATE TABLE secret_fingerprints (
  name text PRIMARY KEY,
  fingerprint bytea NOT NULL
);
GRANT SELECT ON secret_fingerprints TO propertyos_app, propertyos_stream;
