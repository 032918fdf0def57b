-- The processes that work on a read model, whether or not they hold a shard of it yet: by their number the shards are shared.
CREATE TABLE workers (
  projection text NOT NULL,
  version int NOT NULL,
  holder uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (projection, version, holder)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO propertyos_stream;

-- The relay has checkpoints and leases as a read model has: up to where the topic is known to hold the log.
INSERT INTO checkpoints (projection, version, shard) SELECT 'relay', 1, generate_series(0, 15);
INSERT INTO leases (projection, version, shard) SELECT 'relay', 1, generate_series(0, 15);
