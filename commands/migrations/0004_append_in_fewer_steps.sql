-- append_0 to append_15 as 0003_append describes them, with the same arguments and answers, in plans that take less time to set
-- up: for a single command, as it comes when a shard isn't busy, that was most of what it took.
--
-- What is looked up in the log is written as a subquery that yields a value, by columns of one index and in its order: PostgreSQL
-- would turn an EXISTS into a join with the whole leaf while that is small, and keep that plan when it has grown. Of a leaf that it
-- knows nothing of, it takes any index to be as good: the order is what only one of them can give without a sort.
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
SET enable_sort = off
SET lock_timeout = '5s'
AS $function$
#variable_conflict use_column
DECLARE
  commands CONSTANT int := cardinality(c_id);
  streams CONSTANT int := cardinality(s_id);
  events CONSTANT int := cardinality(e_id);
  fault text;
  head bigint;
  -- Of each stream, the sequence of its last event.
  sequences bigint[];
  sequence bigint;
  known_hash bytea;
  stream int;
  command int;
  -- Of each of several commands: what becomes of it, whether its organization has something here, where its first event is,
  -- how many it has.
  outcomes int[];
  at_home boolean[];
  positions bigint[];
  indexes int[];
  -- Of each stream of several commands, whether any of them writes it.
  s_written boolean[];
  -- Of each event of several commands: its place in the log, in its stream, in its command.
  e_position bigint[];
  e_sequence bigint[];
  e_index int[];
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
     WHERE e.shard = SHARD AND e.tenant_id = c_tenant[1] AND e.command_id = c_id[1] ORDER BY e.command_index LIMIT 1;
    IF FOUND THEN
      outcome := CASE WHEN known_hash = c_hash[1] THEN 1 ELSE 3 END;
      last_position := (SELECT e.position FROM events_SHARD e
                         WHERE e.shard = SHARD AND e.tenant_id = c_tenant[1] AND e.command_id = c_id[1]
                         ORDER BY e.command_index DESC LIMIT 1);
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

  -- What is known of each command and of each stream.
  positions := ARRAY(
    SELECT (SELECT e.position FROM events_SHARD e
             WHERE e.shard = SHARD AND e.tenant_id = c.tenant AND e.command_id = c.id ORDER BY e.command_index LIMIT 1)
      FROM unnest(c_tenant, c_id) c(tenant, id));
  sequences := ARRAY(
    SELECT coalesce((SELECT e.sequence FROM events_SHARD e
             WHERE e.shard = SHARD AND e.tenant_id = c_tenant[s.cmd] AND e.aggregate_type = s.type AND e.aggregate_id = s.id
             ORDER BY e.sequence DESC LIMIT 1), 0)
      FROM unnest(s_cmd, s_type, s_id) s(cmd, type, id));
  outcomes := array_fill(0, ARRAY[commands]);
  at_home := array_fill(false, ARRAY[commands]);
  indexes := array_fill(0, ARRAY[commands]);
  s_written := array_fill(false, ARRAY[streams]);
  e_position := array_fill(NULL::bigint, ARRAY[events]);
  e_sequence := e_position;
  e_index := e_position::int[];
  FOR stream IN 1..streams LOOP
    IF s_expected[stream] <> sequences[stream] THEN
      outcomes[s_cmd[stream]] := 2;
    ELSIF s_expected[stream] > 0 THEN
      at_home[s_cmd[stream]] := true;
    END IF;
  END LOOP;
  FOR key IN 1..cardinality(k_cmd) LOOP
    IF EXISTS (SELECT FROM personal_keys p WHERE p.tenant_id = c_tenant[k_cmd[key]] AND p.person_id = k_person[key]) THEN
      outcomes[k_cmd[key]] := 2;
    END IF;
  END LOOP;
  FOR command IN 1..commands LOOP
    IF positions[command] IS NOT NULL THEN
      outcomes[command] := 1;
    ELSIF NOT at_home[command] AND shard_of(c_tenant[command]) <> SHARD THEN
      RAISE EXCEPTION 'an organization belongs to another shard' USING ERRCODE = 'PO001';
    END IF;
  END LOOP;

  FOR event IN 1..events LOOP
    stream := e_stream[event];
    -- A command's events stand together in the log.
    IF s_cmd[stream] < command THEN
      RAISE EXCEPTION 'the events are not in the order of their commands' USING ERRCODE = 'PO001';
    END IF;
    command := s_cmd[stream];
    s_written[stream] := true;
    IF outcomes[command] = 0 THEN
      head := head + 1;
      e_position[event] := head;
      IF indexes[command] = 0 THEN
        positions[command] := head;
      END IF;
      e_index[event] := indexes[command];
      sequence := sequences[stream] + 1;
      sequences[stream] := sequence;
      e_sequence[event] := sequence;
    END IF;
    indexes[command] := indexes[command] + 1;
  END LOOP;
  IF 0 = ANY (indexes) THEN
    RAISE EXCEPTION 'a command has no event' USING ERRCODE = 'PO001';
  END IF;
  IF EXISTS (SELECT FROM unnest(c_tenant, c_id) c(tenant, id) GROUP BY c.tenant, c.id HAVING count(*) > 1) THEN
    RAISE EXCEPTION 'a command stands twice in the batch' USING ERRCODE = 'PO001';
  END IF;
  IF EXISTS (SELECT FROM unnest(s_cmd, s_type, s_id, s_written) s(cmd, type, id, written)
              GROUP BY c_tenant[s.cmd], s.type, s.id HAVING count(*) > 1 AND bool_or(s.written)) THEN
    RAISE EXCEPTION 'a stream that is written stands twice in the batch' USING ERRCODE = 'PO001';
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

  FOR command IN 1..commands LOOP
    cmd := command;
    outcome := outcomes[command];
    IF outcome = 0 THEN
      epoch := at_epoch;
      first_position := positions[command];
      last_position := first_position + indexes[command] - 1;
    ELSIF outcome = 1 THEN
      SELECT e.epoch, e.command_hash INTO epoch, known_hash FROM events_SHARD e
       WHERE e.shard = SHARD AND e.position = positions[command];
      outcome := CASE WHEN known_hash = c_hash[command] THEN 1 ELSE 3 END;
      first_position := positions[command];
      last_position := (SELECT e.position FROM events_SHARD e
                         WHERE e.shard = SHARD AND e.tenant_id = c_tenant[command] AND e.command_id = c_id[command]
                         ORDER BY e.command_index DESC LIMIT 1);
    ELSE
      epoch := NULL;
      first_position := NULL;
      last_position := NULL;
    END IF;
    RETURN NEXT;
  END LOOP;
END $function$;
$template$;
BEGIN
  FOR shard IN 0..15 LOOP
    EXECUTE replace(template, 'SHARD', shard::text);
  END LOOP;
END $migration$;
