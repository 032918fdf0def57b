-- The product of two numbers of 32 bits, to 32 bits, without leaving 64.
CREATE FUNCTION murmur2_times(a bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (a * 59797 + (((a * 23505) & 65535) << 16)) & 4294967295  -- 0x5bd1e995 in two halves
$$;

-- The shard of an organization: Kafka's murmur2 of its id as text, as `schemas::shard_of` computes it.
CREATE FUNCTION shard_of(tenant_id uuid) RETURNS int
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
  key CONSTANT bytea := convert_to(tenant_id::text, 'UTF8');
  h bigint := 2538058380 # 36;  -- 0x9747b28c, and the length of the text: nine words without a rest
  k bigint;
BEGIN
  FOR i IN 0..8 LOOP
    k := get_byte(key, 4 * i) | (get_byte(key, 4 * i + 1) << 8) | (get_byte(key, 4 * i + 2) << 16)
       | (get_byte(key, 4 * i + 3)::bigint << 24);
    k := murmur2_times(k);
    k := murmur2_times(k # (k >> 24));
    h := murmur2_times(h) # k;
  END LOOP;
  h := murmur2_times(h # (h >> 13));
  RETURN (h # (h >> 15)) & 15;
END $$;

-- append_0 to append_15: the one way into the log, each for its shard.
--
-- c_: the commands. s_: the streams they rest on, each of command number s_cmd (from 1), with the sequence it is expected
-- to have. e_: their events in order, each of stream number e_stream (from 1). k_: keys of persons named first, each of
-- command number k_cmd. Positions, sequences and the order within a command are given here and nowhere else.
--
-- A command passes or fails whole, and alone. Outcome 0: written. 1: it was written before; that stands. 2: a stream or a
-- key isn't as expected. 3: its id was used with another body. A batch that is not as described fails as a whole (PO001), as
-- does one from before a new epoch (PO002).
DO $migration$
DECLARE
  template CONSTANT text := $template$
CREATE FUNCTION append_SHARD(
  at_epoch int,
  c_tenant uuid[], c_id uuid[], c_hash bytea[], c_metadata text[],
  s_cmd int[], s_type text[], s_id uuid[], s_expected bigint[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[],
  k_cmd int[], k_person uuid[], k_wrapped bytea[])
RETURNS TABLE (cmd int, outcome int, epoch int, first_position bigint, last_position bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
-- A plan made while the leaf was small must not scan it when it has grown.
SET enable_seqscan = off
SET lock_timeout = '5s'
AS $function$
#variable_conflict use_column
DECLARE
  fault text;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append needs READ COMMITTED: it must see what the last one committed' USING ERRCODE = 'PO001';
  END IF;

  WITH c AS (SELECT * FROM unnest(c_tenant, c_id, c_hash, c_metadata) WITH ORDINALITY AS c(tenant, id, hash, metadata, cmd)),
       s AS (SELECT * FROM unnest(s_cmd, s_type, s_id, s_expected) WITH ORDINALITY AS s(cmd, type, id, expected, stream)),
       e AS (SELECT stream, count(*) FROM unnest(e_stream) e(stream) GROUP BY stream),
       k AS (SELECT * FROM unnest(k_cmd, k_person, k_wrapped) k(cmd, person, wrapped))
  SELECT CASE
    WHEN EXISTS (SELECT FROM c WHERE num_nulls(c.tenant, c.id, c.hash, c.metadata) > 0)
      OR EXISTS (SELECT FROM s WHERE num_nulls(s.cmd, s.type, s.id, s.expected) > 0)
      OR EXISTS (SELECT FROM k WHERE num_nulls(k.cmd, k.person, k.wrapped) > 0)
      OR cardinality(e_stream) <> ALL (ARRAY[cardinality(e_type), cardinality(e_version), cardinality(e_payload), cardinality(e_id)])
      THEN 'a value is missing'
    WHEN EXISTS (SELECT FROM s LEFT JOIN c ON c.cmd = s.cmd WHERE c.cmd IS NULL)
      OR EXISTS (SELECT FROM k LEFT JOIN c ON c.cmd = k.cmd WHERE c.cmd IS NULL)
      OR EXISTS (SELECT FROM e LEFT JOIN s ON s.stream = e.stream WHERE s.stream IS NULL)
      THEN 'a stream, an event or a key belongs to nothing'
    WHEN EXISTS (SELECT FROM c WHERE NOT EXISTS (SELECT FROM s JOIN e ON e.stream = s.stream WHERE s.cmd = c.cmd))
      THEN 'a command has no event'
    WHEN EXISTS (SELECT FROM c GROUP BY c.tenant, c.id HAVING count(*) > 1)
      THEN 'a command stands twice in the batch'
    WHEN EXISTS (SELECT FROM s JOIN c ON c.cmd = s.cmd LEFT JOIN e ON e.stream = s.stream
                  GROUP BY c.tenant, s.type, s.id HAVING count(*) > 1 AND count(e.stream) > 0)
      THEN 'a stream that is written stands twice in the batch'
    WHEN EXISTS (SELECT FROM (SELECT DISTINCT c.tenant FROM c) c
                  WHERE NOT EXISTS (SELECT FROM events_SHARD e WHERE e.shard = SHARD AND e.tenant_id = c.tenant)
                    AND shard_of(c.tenant) <> SHARD)
      THEN 'an organization belongs to another shard'
    END INTO fault;
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION '%', fault USING ERRCODE = 'PO001';
  END IF;

  -- The shard, until commit: each statement below sees what the last holder committed, and no two give out positions.
  PERFORM pg_advisory_xact_lock(7001, SHARD);
  IF at_epoch <> (SELECT e.epoch FROM epochs e WHERE e.shard = SHARD ORDER BY e.epoch DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the log has begun a new epoch' USING ERRCODE = 'PO002';
  END IF;

  RETURN QUERY
  WITH c AS MATERIALIZED (
    SELECT c.*, known.*
      FROM unnest(c_tenant, c_id, c_hash, c_metadata) WITH ORDINALITY AS c(tenant, id, hash, metadata, cmd)
      LEFT JOIN LATERAL (
             SELECT e.position AS known_at, e.epoch AS known_epoch, e.command_hash AS known_hash FROM events_SHARD e
              WHERE e.shard = SHARD AND e.tenant_id = c.tenant AND e.command_id = c.id AND e.command_index = 0
              LIMIT 1) known ON true),
  s AS MATERIALIZED (
    SELECT * FROM unnest(s_cmd, s_type, s_id, s_expected) WITH ORDINALITY AS s(cmd, type, id, expected, stream)),
  stale AS MATERIALIZED (
    SELECT s.cmd FROM s JOIN c ON c.cmd = s.cmd
     WHERE s.expected <> coalesce((SELECT e.sequence FROM events_SHARD e
             WHERE e.shard = SHARD AND e.tenant_id = c.tenant AND e.aggregate_type = s.type AND e.aggregate_id = s.id
             ORDER BY e.sequence DESC LIMIT 1), 0)
    UNION
    SELECT k.cmd FROM unnest(k_cmd, k_person) k(cmd, person) JOIN c ON c.cmd = k.cmd
     WHERE EXISTS (SELECT FROM personal_keys p WHERE p.tenant_id = c.tenant AND p.person_id = k.person)),
  ok AS MATERIALIZED (
    SELECT * FROM c WHERE c.known_at IS NULL AND NOT EXISTS (SELECT FROM stale WHERE stale.cmd = c.cmd)),
  keys AS (
    INSERT INTO personal_keys (tenant_id, person_id, wrapped)
    SELECT ok.tenant, k.person, k.wrapped FROM unnest(k_cmd, k_person, k_wrapped) k(cmd, person, wrapped)
      JOIN ok ON ok.cmd = k.cmd),
  written AS (
    INSERT INTO events_SHARD (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                              event_version, payload, metadata, event_id, command_id, command_index, command_hash)
    SELECT SHARD,
           coalesce((SELECT e.position FROM events_SHARD e WHERE e.shard = SHARD ORDER BY e.position DESC LIMIT 1), 0)
             + row_number() OVER (ORDER BY ok.cmd, e.event),
           at_epoch, ok.tenant, s.type, s.id,
           s.expected + row_number() OVER (PARTITION BY s.stream ORDER BY e.event),
           e.type, e.version, e.payload::json, ok.metadata::json, e.id,
           ok.id, row_number() OVER (PARTITION BY ok.cmd ORDER BY e.event) - 1, ok.hash
      FROM unnest(e_stream, e_type, e_version, e_payload, e_id) WITH ORDINALITY AS e(stream, type, version, payload, id, event)
      JOIN s ON s.stream = e.stream
      JOIN ok ON ok.cmd = s.cmd
    RETURNING tenant_id, command_id, position)
  SELECT c.cmd::int, 0, at_epoch, w.first, w.last
    FROM c JOIN (SELECT tenant_id, command_id, min(position) AS first, max(position) AS last FROM written GROUP BY 1, 2) w
      ON w.tenant_id = c.tenant AND w.command_id = c.id
  UNION ALL
  SELECT c.cmd::int, CASE WHEN c.known_hash = c.hash THEN 1 ELSE 3 END, c.known_epoch, c.known_at,
         (SELECT max(e.position) FROM events_SHARD e
           WHERE e.shard = SHARD AND e.tenant_id = c.tenant AND e.command_id = c.id)
    FROM c WHERE c.known_at IS NOT NULL
  UNION ALL
  SELECT c.cmd::int, 2, NULL, NULL, NULL
    FROM c WHERE c.known_at IS NULL AND EXISTS (SELECT FROM stale WHERE stale.cmd = c.cmd);
END $function$;
ALTER FUNCTION append_SHARD OWNER TO propertyos_append;
REVOKE ALL ON FUNCTION append_SHARD FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_SHARD TO propertyos_app;
$template$;
BEGIN
  GRANT CREATE ON SCHEMA public TO propertyos_append;  -- to take the functions over
  FOR shard IN 0..15 LOOP
    EXECUTE replace(template, 'SHARD', shard::text);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM propertyos_append;
END $migration$;
