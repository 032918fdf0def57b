-- What processes tell of the read models that each of them keeps whole for itself, such as search indexes: so that others can
-- say how far they are.
CREATE TABLE nodes (
  holder uuid PRIMARY KEY,
  projection text NOT NULL,
  -- Where the process answers.
  place text NOT NULL,
  -- How far it has read each shard.
  positions bigint[] NOT NULL CHECK (cardinality(positions) = 16),
  parked bigint NOT NULL,
  -- When the process counts as gone.
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON nodes TO propertyos_stream;
