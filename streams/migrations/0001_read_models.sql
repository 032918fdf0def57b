-- The read models that were made, and which version of each answers queries.
CREATE TABLE read_models (
  projection text NOT NULL,
  version int NOT NULL CHECK (version > 0),
  -- Of the statements that made its tables: other statements need another version.
  tables_checksum bytea NOT NULL,
  -- The schema that holds its rows. A query compares it with the schema that the name leads to, so that a rebuilt one is
  -- never read with a snapshot from before.
  schema_id oid NOT NULL,
  active boolean NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (projection, version)
);
CREATE UNIQUE INDEX one_active_version ON read_models (projection) WHERE active;

-- How far each read model has read each shard. Whoever writes a read model's rows moves its checkpoint in the same transaction,
-- as the first thing, and names the position and the fence that it knows.
CREATE TABLE checkpoints (
  projection text NOT NULL,
  version int NOT NULL,
  shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
  epoch int NOT NULL DEFAULT 1,
  position bigint NOT NULL DEFAULT 0,
  -- The event at the position: by it a restored log is recognised.
  event_id uuid,
  -- Rises whenever the shard passes into another hand: a lease taken, a parked sequence completed, a rebuild.
  fence bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (projection, version, shard),
  CHECK ((position = 0) = (event_id IS NULL))
) WITH (fillfactor = 50);

-- Which process works on which shard of which read model, and until when, by this server's clock.
CREATE TABLE leases (
  projection text NOT NULL,
  version int NOT NULL,
  shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
  holder uuid,
  expires_at timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (projection, version, shard)
) WITH (fillfactor = 50);

-- The sequences that stand still: one event couldn't be applied, and all that follows it in its sequence waits. What waits is
-- read from the log again when it is tried again.
CREATE TABLE parked (
  projection text NOT NULL,
  version int NOT NULL,
  tenant_id uuid NOT NULL,
  -- The organization's or the aggregate's id, as the read model declares.
  sequence uuid NOT NULL,
  shard smallint NOT NULL,
  -- The first event that was not applied.
  epoch int NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  recorded_at timestamptz NOT NULL,
  error text NOT NULL,
  attempts int NOT NULL DEFAULT 1,
  -- How many events stand still, this one included.
  waiting bigint NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (projection, version, tenant_id, sequence)
);
SELECT isolate_by_organization('parked');

GRANT SELECT, INSERT, UPDATE, DELETE ON read_models, checkpoints, leases, parked TO propertyos_stream;
GRANT SELECT ON read_models, checkpoints TO propertyos_app;
