-- append_0 to append_15 as 0003_append describes them, with the same arguments and answers, in plans that take less time to set
-- up: for a single command, as it comes when a shard isn't busy, that was most of what it took.
--
-- What is looked up in the log is written as a subquery that yields a value, by columns of one index in their order: PostgreSQL
-- would turn an EXISTS into a join with the whole leaf, while that is small, and keep that plan when it has grown.
DO $migration$
DECLARE
  template CONSTANT text := $template$
CREATE OR REPLACE FUNCTION append_SHARD(
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
  commands CONSTANT int := cardinality(c_id);
  streams CONSTANT int := cardinality(s_id);
  events CONSTANT int := cardinality(e_id);
  fault text;
  head bigint;
  -- Of a single command: the sequence of each of its streams, and what is known of it.
  sequences bigint[];
  sequence bigint;
  known_hash bytea;
  -- Of several: those that were written before, and those that rest on what has changed.
  known int[];
  stale int[];
  failed int[];
  -- Those of an organization that has something here.
  at_home int[];
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append needs READ COMMITTED: it must see what the last one committed' USING ERRCODE = 'PO001';
  END IF;

  fault := CASE
    WHEN commands <> ALL (ARRAY[cardinality(c_tenant), cardinality(c_hash), cardinality(c_metadata)])
      OR streams <> ALL (ARRAY[cardinality(s_cmd), cardinality(s_type), cardinality(s_expected)])
      OR events <> ALL (ARRAY[cardinality(e_stream), cardinality(e_type), cardinality(e_version), cardinality(e_payload)])
      OR cardinality(k_cmd) <> ALL (ARRAY[cardinality(k_person), cardinality(k_wrapped)])
      OR array_position(c_tenant, NULL) > 0 OR array_position(c_id, NULL) > 0 OR array_position(c_hash, NULL) > 0
      OR array_position(c_metadata, NULL) > 0 OR array_position(s_type, NULL) > 0 OR array_position(s_id, NULL) > 0
      OR array_position(s_expected, NULL) > 0 OR array_position(k_person, NULL) > 0 OR array_position(k_wrapped, NULL) > 0
      THEN 'a value is missing'
    WHEN (1 <= ALL (s_cmd) AND commands >= ALL (s_cmd) AND 1 <= ALL (k_cmd) AND commands >= ALL (k_cmd)
      AND 1 <= ALL (e_stream) AND streams >= ALL (e_stream)) IS NOT TRUE
      THEN 'a stream, an event or a key belongs to nothing'
    WHEN commands = 1 AND events = 0
      THEN 'a command has no event'
    END;
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION '%', fault USING ERRCODE = 'PO001';
  END IF;

  -- The shard, until commit: each statement below sees what the last holder committed, and no two give out positions.
  PERFORM pg_advisory_xact_lock(7001, SHARD);
  IF at_epoch <> (SELECT e.epoch FROM epochs e WHERE e.shard = SHARD ORDER BY e.epoch DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the log has begun a new epoch' USING ERRCODE = 'PO002';
  END IF;
  head := coalesce((SELECT e.position FROM events_SHARD e WHERE e.shard = SHARD ORDER BY e.position DESC LIMIT 1), 0);

  IF commands = 1 THEN
    cmd := 1;
    SELECT e.position, e.epoch, e.command_hash INTO first_position, epoch, known_hash FROM events_SHARD e
     WHERE e.shard = SHARD AND e.tenant_id = c_tenant[1] AND e.command_id = c_id[1] AND e.command_index = 0;
    IF FOUND THEN
      outcome := CASE WHEN known_hash = c_hash[1] THEN 1 ELSE 3 END;
      last_position := (SELECT max(e.position) FROM events_SHARD e
                         WHERE e.shard = SHARD AND e.tenant_id = c_tenant[1] AND e.command_id = c_id[1]);
      RETURN NEXT;
      RETURN;
    END IF;

    sequences := s_expected;
    FOR stream IN 1..streams LOOP
      IF s_type[stream] = s_type[array_position(s_id, s_id[stream], stream + 1)] THEN
        RAISE EXCEPTION 'a stream stands twice in the batch' USING ERRCODE = 'PO001';
      END IF;
      sequence := (SELECT e.sequence FROM events_SHARD e
                    WHERE e.shard = SHARD AND e.tenant_id = c_tenant[1] AND e.aggregate_type = s_type[stream]
                      AND e.aggregate_id = s_id[stream]
                    ORDER BY e.sequence DESC LIMIT 1);
      outcome := CASE WHEN s_expected[stream] <> coalesce(sequence, 0) THEN 2 ELSE outcome END;
    END LOOP;
    FOR key IN 1..cardinality(k_person) LOOP
      IF EXISTS (SELECT FROM personal_keys p WHERE p.tenant_id = c_tenant[1] AND p.person_id = k_person[key]) THEN
        outcome := 2;
      END IF;
    END LOOP;
    -- A stream that was found here shows that this is the organization's shard. To compute that takes longer than all the rest.
    IF (outcome = 2 OR 0 = ALL (s_expected)) AND shard_of(c_tenant[1]) <> SHARD THEN
      RAISE EXCEPTION 'an organization belongs to another shard' USING ERRCODE = 'PO001';
    END IF;
    IF outcome = 2 THEN
      RETURN NEXT;
      RETURN;
    END IF;

    FOR key IN 1..cardinality(k_person) LOOP
      INSERT INTO personal_keys (tenant_id, person_id, wrapped) VALUES (c_tenant[1], k_person[key], k_wrapped[key]);
    END LOOP;
    FOR event IN 1..events LOOP
      sequence := sequences[e_stream[event]] + 1;
      sequences[e_stream[event]] := sequence;
      INSERT INTO events_SHARD (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                                event_version, payload, metadata, event_id, command_id, command_index, command_hash)
      VALUES (SHARD, head + event, at_epoch, c_tenant[1], s_type[e_stream[event]], s_id[e_stream[event]], sequence, e_type[event],
              e_version[event], e_payload[event]::json, c_metadata[1]::json, e_id[event], c_id[1], event - 1, c_hash[1]);
    END LOOP;
    outcome := 0;
    epoch := at_epoch;
    first_position := head + 1;
    last_position := head + events;
    RETURN NEXT;
    RETURN;
  END IF;

  fault := (SELECT CASE
    WHEN (SELECT count(DISTINCT s_cmd[stream]) FROM unnest(e_stream) e(stream)) < commands
      THEN 'a command has no event'
    WHEN EXISTS (SELECT FROM unnest(c_tenant, c_id) c(tenant, id) GROUP BY c.tenant, c.id HAVING count(*) > 1)
      THEN 'a command stands twice in the batch'
    WHEN EXISTS (SELECT FROM unnest(s_cmd, s_type, s_id) WITH ORDINALITY s(cmd, type, id, stream)
                   LEFT JOIN (SELECT DISTINCT stream FROM unnest(e_stream) e(stream)) e ON e.stream = s.stream
                  GROUP BY c_tenant[s.cmd], s.type, s.id HAVING count(*) > 1 AND count(e.stream) > 0)
      THEN 'a stream that is written stands twice in the batch'
    END);
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION '%', fault USING ERRCODE = 'PO001';
  END IF;

  known := ARRAY(
    SELECT c.cmd::int FROM unnest(c_tenant, c_id) WITH ORDINALITY c(tenant, id, cmd)
     WHERE (SELECT e.position FROM events_SHARD e
             WHERE e.shard = SHARD AND e.tenant_id = c.tenant AND e.command_id = c.id AND e.command_index = 0) IS NOT NULL);
  stale := ARRAY(
    SELECT s.cmd FROM unnest(s_cmd, s_type, s_id, s_expected) s(cmd, type, id, expected)
     WHERE s.expected <> coalesce((SELECT e.sequence FROM events_SHARD e
             WHERE e.shard = SHARD AND e.tenant_id = c_tenant[s.cmd] AND e.aggregate_type = s.type AND e.aggregate_id = s.id
             ORDER BY e.sequence DESC LIMIT 1), 0));
  IF cardinality(k_cmd) > 0 THEN
    stale := stale || ARRAY(
      SELECT k.cmd FROM unnest(k_cmd, k_person) k(cmd, person)
       WHERE (SELECT p.person_id FROM personal_keys p
               WHERE p.tenant_id = c_tenant[k.cmd] AND p.person_id = k.person) IS NOT NULL);
  END IF;
  failed := known || stale;
  at_home := known || ARRAY(SELECT s.cmd FROM unnest(s_cmd, s_expected) s(cmd, expected) WHERE s.expected > 0 AND s.cmd <> ALL (stale));
  IF EXISTS (SELECT FROM unnest(c_tenant) WITH ORDINALITY c(tenant, cmd)
              WHERE c.cmd <> ALL (at_home) AND shard_of(c.tenant) <> SHARD) THEN
    RAISE EXCEPTION 'an organization belongs to another shard' USING ERRCODE = 'PO001';
  END IF;

  IF cardinality(k_cmd) > 0 THEN
    INSERT INTO personal_keys (tenant_id, person_id, wrapped)
    SELECT c_tenant[k.cmd], k.person, k.wrapped FROM unnest(k_cmd, k_person, k_wrapped) k(cmd, person, wrapped)
     WHERE k.cmd <> ALL (failed);
  END IF;
  INSERT INTO events_SHARD (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                            event_version, payload, metadata, event_id, command_id, command_index, command_hash)
  SELECT SHARD, head + row_number() OVER (ORDER BY e.cmd, e.event),
         at_epoch, c_tenant[e.cmd], s_type[e.stream], s_id[e.stream],
         s_expected[e.stream] + row_number() OVER (PARTITION BY e.stream ORDER BY e.event),
         e.type, e.version, e.payload::json, c_metadata[e.cmd]::json, e.id,
         c_id[e.cmd], row_number() OVER (PARTITION BY e.cmd ORDER BY e.event) - 1, c_hash[e.cmd]
    FROM (SELECT s_cmd[stream] AS cmd, e.*
            FROM unnest(e_stream, e_type, e_version, e_payload, e_id) WITH ORDINALITY AS e(stream, type, version, payload, id, event)
           WHERE s_cmd[stream] <> ALL (failed)) e;

  RETURN QUERY
  SELECT w.cmd, 0, at_epoch, (head + sum(w.events) OVER (ORDER BY w.cmd) - w.events + 1)::bigint,
         (head + sum(w.events) OVER (ORDER BY w.cmd))::bigint
    FROM (SELECT s_cmd[stream] AS cmd, count(*) AS events FROM unnest(e_stream) e(stream)
           WHERE s_cmd[stream] <> ALL (failed) GROUP BY s_cmd[stream]) w;
  IF cardinality(failed) > 0 THEN
    RETURN QUERY
    SELECT c.cmd::int, CASE WHEN e.command_hash = c.hash THEN 1 ELSE 3 END, e.epoch, e.position,
           (SELECT max(l.position) FROM events_SHARD l
             WHERE l.shard = SHARD AND l.tenant_id = c.tenant AND l.command_id = c.id)
      FROM unnest(c_tenant, c_id, c_hash) WITH ORDINALITY c(tenant, id, hash, cmd)
      JOIN events_SHARD e ON e.shard = SHARD AND e.tenant_id = c.tenant AND e.command_id = c.id AND e.command_index = 0
     WHERE c.cmd = ANY (known)
    UNION ALL
    SELECT DISTINCT s.cmd, 2, NULL::int, NULL::bigint, NULL::bigint FROM unnest(stale) s(cmd) WHERE s.cmd <> ALL (known);
  END IF;
END $function$;
$template$;
BEGIN
  FOR shard IN 0..15 LOOP
    EXECUTE replace(template, 'SHARD', shard::text);
  END LOOP;
END $migration$;
