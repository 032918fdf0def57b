-- The other way into the log: what a bulk load has decided for one organization, as many events at a time as the caller has
-- put into its temporary table `bulk_events`. For the owner only, who could do as it likes anyway and gets no grant on the log
-- itself. It is called as a statement of its own, once the table is filled: the shard is locked while it runs and not while the
-- caller does anything.
--
-- The caller gives each event a number from 1, in order, and the sequence and the place in its command that it has decided;
-- positions are given here. `behind` is the organization's last position, as the last call of the same load returned it, and
-- 0 at first: if the organization has anything else, nothing is written (PO003). k_: keys of persons named first.
CREATE FUNCTION bulk_append(at_epoch int, tenant uuid, behind bigint, k_person uuid[], k_wrapped bytea[]) RETURNS bigint
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
  SELECT min(b.number) = 1 AND max(b.number) = written FROM pg_temp.bulk_events b INTO is_dense;
  IF is_dense IS NOT TRUE THEN
    RAISE EXCEPTION 'the events are not numbered from 1 on' USING ERRCODE = 'PO001';
  END IF;
  RETURN head + written;
END $function$;
GRANT CREATE ON SCHEMA public TO propertyos_append;  -- to take the function over
ALTER FUNCTION bulk_append OWNER TO propertyos_append;
REVOKE CREATE ON SCHEMA public FROM propertyos_append;
REVOKE ALL ON FUNCTION bulk_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bulk_append TO propertyos_owner;
