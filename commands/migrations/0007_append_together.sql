-- append_batch_0 to append_batch_15 for a batch of commands of one shard, and append_batch for commands of several. What 0003_append
-- promises they keep; they trust as 0006_append_on_trust describes, and leave all that is unusual to append_0 to append_15.
--
-- A call of those takes 0.9 million instructions before its first command, so commands of many organizations, which come in small
-- batches, had most of their time go to that. Here a call does a few statements over all that it was given, of whichever shards.
--
-- A look-up by index takes all that matches on a page before it hands out the first row, so the last of many costs as much as all of
-- them. So they begin where there is at least nothing more to be expected: at the sequence that a command expects of a stream, and at a
-- position that the caller has seen of a shard (`seen`, 0 if none).
--
-- c_, s_, x_, e_ and k_ are as in 0006_append_on_trust. c_home: which of `shards` a command's organization belongs to, by number.
-- `heads`: the last position of each shard before the call; the events of its commands stand behind it in their order, without those of
-- commands that are stale. `stale`: which commands rest on a stream that has moved on; nothing of theirs is written. If `heads` is NULL
-- nothing is: something is unusual about a command, or a shard is written by others and the call is not to wait (`patient`). A call
-- that trusted wrongly fails with an integrity violation.
DO $migration$
DECLARE
  batch CONSTANT text := $template$
CREATE FUNCTION append_batchSUFFIX(
  patient boolean, shards int[], at_epochs int[], seen bigint[],
  c_home int[], c_tenant uuid[], c_id uuid[], c_hash bytea[], c_metadata text[],
  s_cmd int[], s_type text[], s_id uuid[], s_expected bigint[], x_cmd int[], x_stream int[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[],
  k_cmd int[], k_person uuid[], k_wrapped bytea[],
  OUT heads bigint[], OUT stale int[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
-- A plan made while a leaf was small must not scan it when it has grown.
SET enable_seqscan = off
SET enable_sort = off
SET lock_timeout = '5s'
AS $function$
#variable_conflict use_column
DECLARE
  locked boolean;
  epochs int[];
  found bigint[];
  sequences bigint[];
  is_sound boolean;
  -- Of each command, the number of its first event.
  firsts bigint[];
BEGIN
  -- The shards, until commit: each statement below sees what the last holder committed, and no two give out positions.
  locked := LOCK;
  IF locked IS NOT TRUE OR current_setting('transaction_isolation') <> 'read committed'
     OR cardinality(e_id) = 0 OR pg_column_size(e_payload) > 524288 THEN
    RETURN;
  END IF;
  SELECT ARRAY(SELECT (SELECT e.epoch FROM epochs e WHERE e.shard = k.shard ORDER BY e.epoch DESC LIMIT 1) FROM unnest(shards) k(shard)),
         ARRAY(SELECT coalesce((SELECT e.position FROM LEAF e WHERE e.shard = k.shard AND e.position >= k.seen
                                 ORDER BY e.position DESC LIMIT 1), 0)
                 FROM unnest(shards, seen) k(shard, seen)),
         ARRAY(SELECT CASE WHEN s.expected = 0 AND s.number = ANY (e_stream) THEN 0
                           ELSE coalesce((SELECT e.sequence FROM LEAF e
                                           WHERE e.shard = shards[c_home[s.cmd]] AND e.tenant_id = c_tenant[s.cmd]
                                             AND e.aggregate_type = s.type AND e.aggregate_id = s.id AND e.sequence >= s.expected
                                           ORDER BY e.sequence DESC LIMIT 1), 0) END
                 FROM unnest(s_cmd, s_type, s_id, s_expected) WITH ORDINALITY s(cmd, type, id, expected, number))
    INTO epochs, found, sequences;
  stale := '{}';
  IF sequences <> s_expected THEN
    stale := ARRAY(SELECT s.cmd FROM unnest(s_cmd, s_expected, sequences) s(cmd, expected, sequence)
                    WHERE s.sequence IS DISTINCT FROM s.expected
                   UNION
                   SELECT x.cmd FROM unnest(x_cmd, x_stream) x(cmd, stream) WHERE sequences[x.stream] IS DISTINCT FROM s_expected[x.stream]);
  END IF;

  -- All numbers name something; the events stand in the order of their commands, and each command has one; what is written belongs to
  -- one command; a stream that was found here shows that this is the organization's shard.
  SELECT epochs = at_epochs AND b.cmds = ARRAY(SELECT generate_series(1, cardinality(c_id)))
         AND 1 <= ALL (s_cmd) AND cardinality(c_id) >= ALL (s_cmd) AND 1 <= ALL (x_cmd) AND cardinality(c_id) >= ALL (x_cmd)
         AND 1 <= ALL (k_cmd) AND cardinality(c_id) >= ALL (k_cmd)
         AND 1 <= ALL (e_stream) AND cardinality(s_id) >= ALL (e_stream) AND 1 <= ALL (e_version)
         AND cardinality(c_id) = ALL (ARRAY[cardinality(c_home), cardinality(c_tenant), cardinality(c_hash), cardinality(c_metadata)])
         AND cardinality(s_id) = ALL (ARRAY[cardinality(s_cmd), cardinality(s_type), cardinality(s_expected)])
         AND cardinality(e_id) = ALL (ARRAY[cardinality(e_stream), cardinality(e_type), cardinality(e_version), cardinality(e_payload)])
         AND cardinality(x_cmd) = cardinality(x_stream)
         AND cardinality(k_cmd) = ALL (ARRAY[cardinality(k_person), cardinality(k_wrapped)])
         AND NOT EXISTS (SELECT FROM unnest(x_cmd, x_stream) x(cmd, stream)
                          WHERE (x.stream <> ALL (e_stream) AND c_tenant[x.cmd] = c_tenant[s_cmd[x.stream]]) IS NOT TRUE)
         AND NOT EXISTS (SELECT FROM unnest(c_tenant, c_home, c_hash) c(tenant, home, hash)
                          WHERE octet_length(c.hash) <> 32
                             OR NOT EXISTS (SELECT FROM unnest(s_cmd, s_expected, sequences) s(cmd, expected, sequence)
                                             WHERE s.sequence > 0 AND s.sequence = s.expected
                                               AND c_tenant[s.cmd] = c.tenant AND c_home[s.cmd] = c.home))
         -- If a stream stands twice under two sequences or as two new ones, an index finds that too; not if one command only rests on it.
         AND (cardinality(s_id) = (SELECT count(*) FROM (SELECT FROM unnest(s_id) s(id) GROUP BY s.id) different)
              OR NOT EXISTS (SELECT FROM unnest(s_cmd, s_type, s_id) WITH ORDINALITY s(cmd, type, id, number)
                              GROUP BY c_tenant[s.cmd], s.type, s.id HAVING count(*) > 1 AND bool_or(s.number = ANY (e_stream)))),
         b.firsts
    FROM (SELECT array_agg(e.number) AS firsts, array_agg(e.cmd) AS cmds
            FROM (SELECT e.number, s_cmd[e.stream] AS cmd, s_cmd[e_stream[e.number - 1]] AS before
                    FROM unnest(e_stream) WITH ORDINALITY e(stream, number)) e
           WHERE e.cmd IS DISTINCT FROM e.before) b
    INTO is_sound, firsts;
  IF is_sound IS NOT TRUE THEN
    RETURN;
  END IF;

  IF cardinality(k_cmd) > 0 THEN
    INSERT INTO personal_keys (tenant_id, person_id, wrapped)
    SELECT c_tenant[k.cmd], k.person, k.wrapped FROM unnest(k_cmd, k_person, k_wrapped) k(cmd, person, wrapped)
     WHERE k.cmd <> ALL (stale);
  END IF;
  INSERT INTO LEAF (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload, metadata, event_id, command_id, command_index, command_hash)
  SELECT shards[e.home], found[e.home] + e.place, at_epochs[e.home], c_tenant[e.cmd], s_type[e.stream], s_id[e.stream],
         s_expected[e.stream] + e.next, e_type[e.number], e_version[e.number], e_payload[e.number]::json, c_metadata[e.cmd]::json,
         e_id[e.number], c_id[e.cmd], (e.number - firsts[e.cmd])::int, c_hash[e.cmd]
    FROM (SELECT e.*, row_number() OVER (PARTITION BY e.stream ORDER BY e.number) AS next,
                 row_number() OVER (PARTITION BY e.home ORDER BY e.number) AS place
            FROM (SELECT e.stream, e.number, s_cmd[e.stream] AS cmd, c_home[s_cmd[e.stream]] AS home
                    FROM unnest(e_stream) WITH ORDINALITY e(stream, number)) e
           WHERE e.cmd <> ALL (stale)) e
   ORDER BY e.home, e.number;
  heads := found;
END $function$;
ALTER FUNCTION append_batchSUFFIX OWNER TO propertyos_append;
REVOKE ALL ON FUNCTION append_batchSUFFIX FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_batchSUFFIX TO propertyos_app;
$template$;

  -- append_one as in 0006_append_on_trust, but that it doesn't wait for others who write the shard.
  one CONSTANT text := $template$
CREATE FUNCTION append_one_SHARD(
  at_epoch int, seen bigint, c_tenant uuid, c_id uuid, c_hash bytea, c_metadata text, s_type text[], s_id uuid[], s_expected bigint[],
  e_stream int[], e_type text[], e_version int[], e_payload text[], e_id uuid[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_sort = off
AS $function$
#variable_conflict use_column
DECLARE
  epoch int;
  head bigint;
  sequences bigint[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(7001, SHARD) THEN
    RETURN NULL;
  END IF;
  SELECT (SELECT e.epoch FROM epochs e WHERE e.shard = SHARD ORDER BY e.epoch DESC LIMIT 1),
         coalesce((SELECT e.position FROM events_SHARD e WHERE e.shard = SHARD AND e.position >= seen
                    ORDER BY e.position DESC LIMIT 1), 0),
         ARRAY(SELECT CASE WHEN s.expected = 0 AND s.stream = ANY (e_stream) THEN 0
                           ELSE coalesce((SELECT e.sequence FROM events_SHARD e
                                           WHERE e.shard = SHARD AND e.tenant_id = c_tenant AND e.aggregate_type = s.type
                                             AND e.aggregate_id = s.id AND e.sequence >= s.expected
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
ALTER FUNCTION append_one_SHARD(
  int, bigint, uuid, uuid, bytea, text, text[], uuid[], bigint[], int[], text[], int[], text[], uuid[]) OWNER TO propertyos_append;
REVOKE ALL ON FUNCTION append_one_SHARD(
  int, bigint, uuid, uuid, bytea, text, text[], uuid[], bigint[], int[], text[], int[], text[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_one_SHARD(
  int, bigint, uuid, uuid, bytea, text, text[], uuid[], bigint[], int[], text[], int[], text[], uuid[]) TO propertyos_app;
$template$;
BEGIN
  GRANT CREATE ON SCHEMA public TO propertyos_append;  -- to take the functions over
  FOR shard IN 0..15 LOOP
    EXECUTE replace(one, 'SHARD', shard::text);
    EXECUTE replace(replace(replace(batch, 'SUFFIX', '_' || shard), 'LEAF', 'events_' || shard), 'LOCK',
                    format('CASE WHEN patient THEN pg_advisory_xact_lock(7001, %1$s) IS NOT NULL
                                 ELSE pg_try_advisory_xact_lock(7001, %1$s) END', shard));
  END LOOP;
  EXECUTE replace(replace(replace(batch, 'SUFFIX', ''), 'LEAF', 'events'), 'LOCK',
                  '(SELECT bool_and(pg_try_advisory_xact_lock(7001, k.shard)) FROM unnest(shards) k(shard)) AND NOT patient');
  REVOKE CREATE ON SCHEMA public FROM propertyos_append;
END $migration$;
