-- What has happened, for ever. Rows are only ever added, by the functions of 0003_append.
CREATE TABLE events (
  shard smallint NOT NULL,
  -- Dense per shard, from 1, in the order of commits.
  position bigint NOT NULL CHECK (position > 0),
  epoch int NOT NULL,
  tenant_id uuid NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id uuid NOT NULL,
  -- Dense per stream, from 1.
  sequence bigint NOT NULL CHECK (sequence > 0),
  event_type text NOT NULL,
  event_version int NOT NULL CHECK (event_version > 0),
  -- json, not jsonb: the bytes written are the bytes hashed, relayed and exported. Every reader takes messages of this size.
  payload json NOT NULL CHECK (octet_length(payload::text) <= 524288),
  metadata json NOT NULL,
  event_id uuid NOT NULL,
  command_id uuid NOT NULL,
  -- Dense per command, from 0.
  command_index int NOT NULL CHECK (command_index >= 0),
  command_hash bytea NOT NULL CHECK (octet_length(command_hash) = 32),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (shard, position),
  UNIQUE (shard, tenant_id, aggregate_type, aggregate_id, sequence),
  UNIQUE (shard, tenant_id, command_id, command_index)
) PARTITION BY LIST (shard);

CREATE FUNCTION refuse_to_change_history() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% refused: % is history', TG_OP, TG_TABLE_NAME USING ERRCODE = 'PO000';
END $$;

-- Statement triggers, so that also a statement is refused which finds no row; on every leaf, since a table's don't fire for
-- a statement that names its leaf; always, also where triggers are switched off for a session.
CREATE FUNCTION make_history(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER history BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history()', target);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER history', target);
END $$;

-- The append role reads and adds, the stream role reads; neither can do more. Nobody else writes, the owner included.
CREATE FUNCTION make_log(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM make_history(target);
  PERFORM isolate_by_organization(target);
  EXECUTE format('CREATE POLICY append ON %s TO propertyos_append USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT, INSERT ON %s TO propertyos_append', target);
  EXECUTE format('GRANT SELECT ON %s TO propertyos_stream', target);
END $$;

DO $$
BEGIN
  PERFORM make_log('events');
  FOR shard IN 0..15 LOOP
    EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES IN (%s)', shard, shard);
    PERFORM make_log(format('events_%s', shard)::regclass);
  END LOOP;
END $$;
