-- append_0 to append_15 once more, with one argument more to say whether to be careful, and two for streams that several commands
-- rest on; and append_one_0 to append_one_15 for a command that comes alone. What 0003_append promises they keep.
--
-- Whether a command's id is new, and a stream that it begins, a unique index finds out when the events are inserted: unless it is to be
-- careful, a call looks neither up. One that trusted wrongly fails as a whole, with an integrity violation, has written nothing, and
-- is to be made again, carefully.
--
-- Every expression of PL/pgSQL and every node of a plan is set up anew in each transaction; for few commands that is most of what a
-- call takes. So both functions do with few, and what the table checked of each row by itself is checked here: to make six
-- constraints ready took a tenth of a call with one command.
ALTER TABLE events
  DROP CONSTRAINT events_position_check,
  DROP CONSTRAINT events_sequence_check,
  DROP CONSTRAINT events_event_version_check,
  DROP CONSTRAINT events_payload_check,
  DROP CONSTRAINT events_command_index_check,
  DROP CONSTRAINT events_command_hash_check;

DO $migration$
DECLARE
  -- c_, s_, e_ and k_ are as in 0003_append. x_: a command, and a stream that stands there for another one, on which it rests at the
  -- same sequence. What is looked up is written as 0004_append_in_fewer_steps explains. The answers are by command: its outcome; where
  -- its first event stands if it was written, now or before; and its epoch and where its last event stands if that was before.
  batch CONSTANT text := $template$
CREATE FUNCTION append_SHARD(
  at_epoch int, careful boolean,
  c_tenant uuid[], c_id uuid[], c_hash bytea[], c_metadata text[],
  s_cmd int[], s_type text[], s_id uuid[], s_expected bigint[], x_cmd int[], x_stream int[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[],
  k_cmd int[], k_person uuid[], k_wrapped bytea[],
  OUT outcomes int[], OUT epochs int[], OUT first_positions bigint[], OUT last_positions bigint[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
-- A plan made while the leaf was small must not scan it when it has grown.
SET enable_seqscan = off
SET enable_sort = off
SET lock_timeout = '5s'
AS $function$
#variable_conflict use_column
DECLARE
  commands CONSTANT int := cardinality(c_id);
  streams CONSTANT int := cardinality(s_id);
  events CONSTANT int := cardinality(e_id);
  fault text;
  locked boolean;
  epoch int;
  head bigint;
  -- Of each stream, the sequence of its last event, and whether the batch writes it.
  sequences bigint[];
  s_written boolean[] := array_fill(false, ARRAY[streams]);
  -- Organizations that belong to this shard.
  homes uuid[] := '{}';
  known record;
  stream int;
  command int := 0;
  begun int := 0;
  first_event int;
  is_written boolean;
  -- Of each event: its place in the log, in its stream, in its command.
  e_position bigint[] := array_fill(NULL::bigint, ARRAY[events]);
  e_sequence bigint[] := e_position;
  e_index int[] := e_position::int[];
BEGIN
  fault := CASE
    WHEN current_setting('transaction_isolation') <> 'read committed'
      THEN 'append needs READ COMMITTED: it must see what the last one committed'
    WHEN commands <> ALL (ARRAY[cardinality(c_tenant), cardinality(c_hash), cardinality(c_metadata)])
      OR streams <> ALL (ARRAY[cardinality(s_cmd), cardinality(s_type), cardinality(s_expected)])
      OR cardinality(x_cmd) <> cardinality(x_stream)
      OR events <> ALL (ARRAY[cardinality(e_stream), cardinality(e_type), cardinality(e_version), cardinality(e_payload)])
      OR cardinality(k_cmd) <> ALL (ARRAY[cardinality(k_person), cardinality(k_wrapped)])
      OR array_position(s_expected, NULL) > 0  -- of any other it would be a column that is missing
      THEN 'a value is missing'
    WHEN (1 <= ALL (s_cmd) AND commands >= ALL (s_cmd)
      AND 1 <= ALL (x_cmd) AND commands >= ALL (x_cmd) AND 1 <= ALL (x_stream) AND streams >= ALL (x_stream)
      AND 1 <= ALL (k_cmd) AND commands >= ALL (k_cmd)
      AND 1 <= ALL (e_stream) AND streams >= ALL (e_stream)) IS NOT TRUE
      THEN 'a stream, an event or a key belongs to nothing'
    WHEN (1 <= ALL (e_version)) IS NOT TRUE
      THEN 'an event has no version'
    END;
  IF fault IS NULL AND pg_column_size(e_payload) > 524288 THEN
    FOR event IN 1..events LOOP
      IF octet_length(e_payload[event]) > 524288 THEN
        fault := 'an event is too large for those who read it';
      END IF;
    END LOOP;
  END IF;
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION '%', fault USING ERRCODE = 'PO001';
  END IF;

  FOR event IN 1..events LOOP
    s_written[e_stream[event]] := true;
  END LOOP;
  -- The shard, until commit: each statement below sees what the last holder committed, and no two give out positions. An expression,
  -- since a statement would be set up like a query.
  locked := pg_advisory_xact_lock(7001, SHARD) IS NOT NULL;
  SELECT (SELECT e.epoch FROM epochs e WHERE e.shard = SHARD ORDER BY e.epoch DESC LIMIT 1),
         coalesce((SELECT e.position FROM events_SHARD e WHERE e.shard = SHARD ORDER BY e.position DESC LIMIT 1), 0),
         ARRAY(SELECT CASE WHEN s.expected = 0 AND s.written AND NOT careful THEN 0
                           ELSE coalesce((SELECT e.sequence FROM events_SHARD e
                                           WHERE e.shard = SHARD AND e.tenant_id = c_tenant[s.cmd] AND e.aggregate_type = s.type
                                             AND e.aggregate_id = s.id
                                           ORDER BY e.sequence DESC LIMIT 1), 0) END
                 FROM unnest(s_cmd, s_type, s_id, s_expected, s_written) s(cmd, type, id, expected, written))
    INTO epoch, head, sequences;
  IF epoch <> at_epoch THEN
    RAISE EXCEPTION 'the log has begun a new epoch' USING ERRCODE = 'PO002';
  END IF;

  outcomes := array_fill(0, ARRAY[commands]);
  epochs := array_fill(NULL::int, ARRAY[commands]);
  first_positions := epochs;
  last_positions := epochs;
  IF sequences <> s_expected THEN
    FOR stream IN 1..streams LOOP
      IF s_expected[stream] <> sequences[stream] THEN
        outcomes[s_cmd[stream]] := 2;
      END IF;
    END LOOP;
  END IF;
  FOR further IN 1..cardinality(x_cmd) LOOP
    stream := x_stream[further];
    IF s_written[stream] THEN
      RAISE EXCEPTION 'a stream that is written stands twice in the batch' USING ERRCODE = 'PO001';
    ELSIF c_tenant[x_cmd[further]] <> c_tenant[s_cmd[stream]] THEN
      RAISE EXCEPTION 'a command rests on a stream of another organization' USING ERRCODE = 'PO001';
    ELSIF s_expected[stream] <> sequences[stream] THEN
      outcomes[x_cmd[further]] := 2;
    END IF;
  END LOOP;
  IF careful THEN
    FOR key IN 1..cardinality(k_cmd) LOOP
      IF EXISTS (SELECT FROM personal_keys p WHERE p.tenant_id = c_tenant[k_cmd[key]] AND p.person_id = k_person[key]) THEN
        outcomes[k_cmd[key]] := 2;
      END IF;
    END LOOP;
  END IF;
  IF careful OR 2 = ANY (outcomes) THEN
    FOR command IN 1..commands LOOP
      CONTINUE WHEN NOT careful AND outcomes[command] = 0;
      SELECT e.position, e.epoch, e.command_hash INTO known FROM events_SHARD e
       WHERE e.shard = SHARD AND e.tenant_id = c_tenant[command] AND e.command_id = c_id[command] ORDER BY e.command_index LIMIT 1;
      IF FOUND THEN
        outcomes[command] := CASE WHEN known.command_hash = c_hash[command] THEN 1 ELSE 3 END;
        epochs[command] := known.epoch;
        first_positions[command] := known.position;
        last_positions[command] := (SELECT e.position FROM events_SHARD e
                                     WHERE e.shard = SHARD AND e.tenant_id = c_tenant[command] AND e.command_id = c_id[command]
                                     ORDER BY e.command_index DESC LIMIT 1);
      END IF;
    END LOOP;
  END IF;

  -- What is found here of an organization shows that this is its shard. To compute that takes longer than all the rest.
  FOR command IN 1..commands LOOP
    IF octet_length(c_hash[command]) <> 32 THEN
      RAISE EXCEPTION 'a hash has not 32 bytes' USING ERRCODE = 'PO001';
    END IF;
    CONTINUE WHEN c_tenant[command] = ANY (homes);
    homes := homes || c_tenant[command];
    stream := 1;
    WHILE stream <= streams LOOP
      EXIT WHEN s_expected[stream] > 0 AND s_expected[stream] = sequences[stream] AND c_tenant[s_cmd[stream]] = c_tenant[command];
      stream := stream + 1;
    END LOOP;
    IF stream > streams AND shard_of(c_tenant[command]) <> SHARD THEN
      RAISE EXCEPTION 'an organization belongs to another shard' USING ERRCODE = 'PO001';
    END IF;
  END LOOP;

  FOR event IN 1..events LOOP
    stream := e_stream[event];
    IF s_cmd[stream] <> command THEN
      IF s_cmd[stream] < command THEN
        -- A command's events stand together in the log.
        RAISE EXCEPTION 'the events are not in the order of their commands' USING ERRCODE = 'PO001';
      END IF;
      command := s_cmd[stream];
      begun := begun + 1;
      first_event := event;
      is_written := outcomes[command] = 0;
      IF is_written THEN
        first_positions[command] := head + event;
      END IF;
    END IF;
    IF is_written THEN
      e_position[event] := head + event;
      e_index[event] := event - first_event;
      sequences[stream] := sequences[stream] + 1;
      e_sequence[event] := sequences[stream];
    ELSE
      -- It takes no place.
      head := head - 1;
    END IF;
  END LOOP;
  IF begun <> commands THEN
    RAISE EXCEPTION 'a command has no event' USING ERRCODE = 'PO001';
  END IF;
  -- If it stands twice under two sequences or as two new streams, an index finds that too; not if one command only rests on it.
  IF streams > (SELECT count(*) FROM (SELECT FROM unnest(s_id) s(id) GROUP BY s.id) different) THEN
    IF EXISTS (SELECT FROM unnest(s_cmd, s_type, s_id, s_written) s(cmd, type, id, written)
                GROUP BY c_tenant[s.cmd], s.type, s.id HAVING count(*) > 1 AND bool_or(s.written)) THEN
      RAISE EXCEPTION 'a stream that is written stands twice in the batch' USING ERRCODE = 'PO001';
    END IF;
  END IF;
  IF careful AND EXISTS (SELECT FROM unnest(c_tenant, c_id) c(tenant, id) GROUP BY c.tenant, c.id HAVING count(*) > 1) THEN
    RAISE EXCEPTION 'a command stands twice in the batch' USING ERRCODE = 'PO001';
  END IF;

  FOR key IN 1..cardinality(k_cmd) LOOP
    IF outcomes[k_cmd[key]] = 0 THEN
      INSERT INTO personal_keys (tenant_id, person_id, wrapped) VALUES (c_tenant[k_cmd[key]], k_person[key], k_wrapped[key]);
    END IF;
  END LOOP;
  INSERT INTO events_SHARD (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                            event_version, payload, metadata, event_id, command_id, command_index, command_hash)
  SELECT SHARD, e.position, at_epoch, c_tenant[s_cmd[e.stream]], s_type[e.stream], s_id[e.stream], e.sequence, e.type,
         e.version, e.payload::json, c_metadata[s_cmd[e.stream]]::json, e.id, c_id[s_cmd[e.stream]], e.index, c_hash[s_cmd[e.stream]]
    FROM unnest(e_stream, e_type, e_version, e_payload, e_id, e_position, e_sequence, e_index)
           e(stream, type, version, payload, id, position, sequence, index)
   WHERE e.position IS NOT NULL;
END $function$;
ALTER FUNCTION append_SHARD(
  int, boolean, uuid[], uuid[], bytea[], text[], int[], text[], uuid[], bigint[], int[], int[], int[], text[], int[], text[], uuid[],
  int[], uuid[], bytea[]) OWNER TO propertyos_append;
REVOKE ALL ON FUNCTION append_SHARD(
  int, boolean, uuid[], uuid[], bytea[], text[], int[], text[], uuid[], bigint[], int[], int[], int[], text[], int[], text[], uuid[],
  int[], uuid[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_SHARD(
  int, boolean, uuid[], uuid[], bytea[], text[], int[], text[], uuid[], bigint[], int[], int[], int[], text[], int[], text[], uuid[],
  int[], uuid[], bytea[]) TO propertyos_app;
$template$;

  -- One command without keys, as a call of append_SHARD that isn't careful: the position of its first event. NULL if anything is
  -- unusual about it; then nothing is written, and append_SHARD tells what.
  one CONSTANT text := $template$
CREATE FUNCTION append_one_SHARD(
  at_epoch int, c_tenant uuid, c_id uuid, c_hash bytea, c_metadata text, s_type text[], s_id uuid[], s_expected bigint[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_sort = off
SET lock_timeout = '5s'
AS $function$
#variable_conflict use_column
DECLARE
  locked boolean;
  epoch int;
  head bigint;
  sequences bigint[];
BEGIN
  locked := pg_advisory_xact_lock(7001, SHARD) IS NOT NULL;
  SELECT (SELECT e.epoch FROM epochs e WHERE e.shard = SHARD ORDER BY e.epoch DESC LIMIT 1),
         coalesce((SELECT e.position FROM events_SHARD e WHERE e.shard = SHARD ORDER BY e.position DESC LIMIT 1), 0),
         ARRAY(SELECT CASE WHEN s.expected = 0 AND s.stream = ANY (e_stream) THEN 0
                           ELSE coalesce((SELECT e.sequence FROM events_SHARD e
                                           WHERE e.shard = SHARD AND e.tenant_id = c_tenant AND e.aggregate_type = s.type
                                             AND e.aggregate_id = s.id
                                           ORDER BY e.sequence DESC LIMIT 1), 0) END
                 FROM unnest(s_type, s_id, s_expected) WITH ORDINALITY s(type, id, expected, stream))
    INTO epoch, head, sequences;
  -- A stream that was found here shows that this is the organization's shard. A value that is missing further on is a column that is.
  IF epoch <> at_epoch OR sequences <> s_expected OR 0 = ALL (s_expected) OR 1 > ANY (e_version) OR octet_length(c_hash) <> 32
     OR cardinality(e_id) = 0 OR pg_column_size(e_payload) > 524288 OR current_setting('transaction_isolation') <> 'read committed' THEN
    RETURN NULL;
  END IF;
  FOR event IN 1..cardinality(e_id) LOOP
    sequences[e_stream[event]] := sequences[e_stream[event]] + 1;
    INSERT INTO events_SHARD (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                              event_version, payload, metadata, event_id, command_id, command_index, command_hash)
    VALUES (SHARD, head + event, at_epoch, c_tenant, s_type[e_stream[event]], s_id[e_stream[event]], sequences[e_stream[event]],
            e_type[event], e_version[event], e_payload[event]::json, c_metadata::json, e_id[event], c_id, event - 1, c_hash);
  END LOOP;
  RETURN head + 1;
END $function$;
ALTER FUNCTION append_one_SHARD OWNER TO propertyos_append;
REVOKE ALL ON FUNCTION append_one_SHARD FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_one_SHARD TO propertyos_app;
$template$;

  -- As processes of earlier releases call it.
  earlier CONSTANT text := $template$
CREATE OR REPLACE FUNCTION append_SHARD(
  at_epoch int,
  c_tenant uuid[], c_id uuid[], c_hash bytea[], c_metadata text[],
  s_cmd int[], s_type text[], s_id uuid[], s_expected bigint[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[],
  k_cmd int[], k_person uuid[], k_wrapped bytea[])
RETURNS TABLE (cmd int, outcome int, epoch int, first_position bigint, last_position bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT c.cmd::int, c.outcome, CASE c.outcome WHEN 0 THEN at_epoch ELSE c.epoch END, c.first_position,
         coalesce(c.last_position, c.first_position - 1
           + (SELECT count(*) FROM unnest(e_stream) e(stream) WHERE c.outcome = 0 AND s_cmd[e.stream] = c.cmd))
    FROM append_SHARD(at_epoch, true, c_tenant, c_id, c_hash, c_metadata, s_cmd, s_type, s_id, s_expected, '{}', '{}',
                      e_stream, e_type, e_version, e_payload, e_id, k_cmd, k_person, k_wrapped) a
   CROSS JOIN unnest(a.outcomes, a.epochs, a.first_positions, a.last_positions) WITH ORDINALITY
                AS c(outcome, epoch, first_position, last_position, cmd);
END $function$;
$template$;
BEGIN
  GRANT CREATE ON SCHEMA public TO propertyos_append;  -- to take the functions over
  FOR shard IN 0..15 LOOP
    EXECUTE replace(batch || one || earlier, 'SHARD', shard::text);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM propertyos_append;
END $migration$;

-- bulk_append as 0005_bulk_append describes it, with the checks that the table had.
CREATE OR REPLACE FUNCTION bulk_append(at_epoch int, tenant uuid, behind bigint, k_person uuid[], k_wrapped bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off
-- A scan that is off counts as dear, and what is dear would be compiled each time.
SET jit = off
AS $function$
DECLARE
  of_shard CONSTANT int := shard_of(tenant);
  head bigint;
  is_alone boolean;
  is_dense boolean;
  is_sound boolean;
  written bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'bulk_append needs READ COMMITTED: it must see what the last one committed' USING ERRCODE = 'PO001';
  END IF;

  -- As in append_N.
  PERFORM pg_advisory_xact_lock(7001, of_shard);
  IF at_epoch <> (SELECT e.epoch FROM epochs e WHERE e.shard = of_shard ORDER BY e.epoch DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the log has begun a new epoch' USING ERRCODE = 'PO002';
  END IF;

  EXECUTE format('SELECT coalesce((SELECT position FROM events_%1$s WHERE shard = %1$s ORDER BY position DESC LIMIT 1), 0)',
                 of_shard) INTO head;
  -- Each by its index, whatever is known of the leaf: to the first organization from this one on; over what others have
  -- written since.
  IF behind = 0 THEN
    EXECUTE format('SELECT $1 IS DISTINCT FROM
                           (SELECT tenant_id FROM events_%1$s WHERE shard = %1$s AND tenant_id >= $1 ORDER BY tenant_id LIMIT 1)',
                   of_shard)
      INTO is_alone USING tenant;
  ELSE
    EXECUTE format('SELECT array_agg(position) = ARRAY[$2]
                      FROM (SELECT position, tenant_id FROM events_%1$s WHERE shard = %1$s AND position >= $2 OFFSET 0) since
                     WHERE tenant_id = $1', of_shard)
      INTO is_alone USING tenant, behind;
  END IF;
  IF is_alone IS NOT TRUE THEN
    RAISE EXCEPTION 'organization % has events that this load did not write', tenant USING ERRCODE = 'PO003';
  END IF;

  INSERT INTO personal_keys (tenant_id, person_id, wrapped)
  SELECT tenant, k.person, k.wrapped FROM unnest(k_person, k_wrapped) k(person, wrapped);
  EXECUTE format(
    'INSERT INTO events_%1$s (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                              event_version, payload, metadata, event_id, command_id, command_index, command_hash)
     SELECT %1$s, $1 + b.number, $2, $3, b.aggregate_type, b.aggregate_id, b.sequence, b.event_type,
            b.event_version, b.payload, b.metadata, b.event_id, b.command_id, b.command_index, b.command_hash
       FROM pg_temp.bulk_events b', of_shard)
    USING head, at_epoch, tenant;
  GET DIAGNOSTICS written = ROW_COUNT;
  -- No two have the same number, or two events would have the same position.
  SELECT min(b.number) = 1 AND max(b.number) = written,
         bool_and(b.sequence > 0 AND b.command_index >= 0 AND b.event_version > 0 AND octet_length(b.payload::text) <= 524288
                  AND octet_length(b.command_hash) = 32)
    FROM pg_temp.bulk_events b INTO is_dense, is_sound;
  IF is_dense IS NOT TRUE THEN
    RAISE EXCEPTION 'the events are not numbered from 1 on' USING ERRCODE = 'PO001';
  ELSIF is_sound IS NOT TRUE THEN
    RAISE EXCEPTION 'an event is not as the log keeps it' USING ERRCODE = 'PO001';
  END IF;
  RETURN head + written;
END $function$;
