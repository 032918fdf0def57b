-- The lives of the log. A log that was restored from an older copy, or moved to another server, begins a new one: positions
-- behind `survived` may then have been given out twice.
CREATE TABLE epochs (
  shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
  epoch int NOT NULL CHECK (epoch > 0),
  -- The last position of the shard when the epoch began.
  survived bigint NOT NULL CHECK (survived >= 0),
  -- The server that the epoch lives on.
  system_identifier bigint NOT NULL,
  timeline int NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (shard, epoch)
);
SELECT make_history('epochs');
GRANT SELECT ON epochs TO propertyos_app, propertyos_stream;
GRANT SELECT, INSERT ON epochs TO propertyos_append;

-- Which server this is: the cluster, and the branch of its history that it writes.
CREATE FUNCTION server_identity(OUT system_identifier bigint, OUT timeline int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int FROM pg_control_system()
$$;

-- Begins a new epoch on every shard, in which this server's log as it is now counts. Only for the owner, by
-- `propertyos migrate --new-epoch`, with nothing else running.
CREATE FUNCTION begin_epoch() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  new_epoch int;
BEGIN
  FOR shard IN 0..15 LOOP
    PERFORM pg_advisory_xact_lock(7001, shard);  -- no append until this is committed
  END LOOP;
  SELECT coalesce(max(epoch), 0) + 1 INTO new_epoch FROM epochs;
  INSERT INTO epochs (shard, epoch, survived, system_identifier, timeline)
  SELECT s.shard, new_epoch,
         coalesce((SELECT position FROM events e WHERE e.shard = s.shard ORDER BY position DESC LIMIT 1), 0), i.*
    FROM generate_series(0, 15) s(shard), server_identity() i;
  RETURN new_epoch;
END $$;
GRANT CREATE ON SCHEMA public TO propertyos_append;  -- to take the function over
ALTER FUNCTION begin_epoch() OWNER TO propertyos_append;
REVOKE CREATE ON SCHEMA public FROM propertyos_append;
REVOKE ALL ON FUNCTION begin_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_epoch() TO propertyos_owner;

SELECT begin_epoch();
