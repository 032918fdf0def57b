-- The schema of disintegrate-postgres 4.0.1 for events with one id, `vendor_id`, as its own migrator leaves it. That one needs
-- PostgreSQL 16: it writes 2^32 - 1 in hexadecimal.
CREATE SEQUENCE seq_event_event_id;

CREATE TABLE event (
    event_id bigint PRIMARY KEY DEFAULT nextval('seq_event_event_id'),
    event_type varchar(255),
    payload bytea,
    inserted_at timestamp DEFAULT now(),
    vendor_id uuid
);
CREATE INDEX idx_event_type_btree ON event (event_type);
CREATE INDEX idx_event_vendor_id ON event (vendor_id) WHERE vendor_id IS NOT NULL;

-- A writer says, in three advisory locks, which event was the last when it began: the database's, and its id's two halves.
CREATE FUNCTION event_store_begin_epoch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    db_id int;
BEGIN
    SELECT last_value INTO id FROM seq_event_event_id;
    SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
    PERFORM pg_try_advisory_xact_lock_shared(db_id, 0);
    PERFORM pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
    PERFORM pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
END;
$$;

-- A reader reads up to the oldest of these only.
CREATE FUNCTION event_store_current_epoch() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    persisted_event_id bigint;
    pending_event_id bigint;
    db_id int;
BEGIN
    SELECT COALESCE(max(event_id), 0) INTO persisted_event_id FROM event;
    SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
    SELECT min((high.objid::bigint << 32) + low.objid::bigint) INTO pending_event_id
    FROM pg_locks AS writer
    JOIN pg_locks AS low ON low.pid = writer.pid
    JOIN pg_locks AS high ON high.pid = writer.pid
    WHERE writer.classid = db_id AND low.classid = 1 AND high.classid = 2 AND writer.locktype = 'advisory';
    RETURN LEAST(COALESCE(pending_event_id, persisted_event_id), persisted_event_id);
END;
$$;

-- What makes it fastest. Its transactions are serializable, and fail for any index page that another has written. Taken for rare,
-- a vendor's events are looked for by their vendor; otherwise the planner looks through the newest events of all, where everybody
-- writes. And on an empty log all vendors share a few pages of the index: these are the events of others.
ALTER TABLE event ALTER vendor_id SET (n_distinct = -1);
INSERT INTO event (event_type, payload, vendor_id)
SELECT
    'Created',
    convert_to(json_build_object('type', 'created', 'vendor_id', vendor_id, 'profile', json_build_object(
        'name', repeat('n', 50), 'email', repeat('e', 50), 'phone', repeat('0', 20), 'trades', '[]'::json))::text, 'UTF8'),
    vendor_id
FROM (SELECT gen_random_uuid() AS vendor_id FROM generate_series(1, 200000)) AS vendors;
ANALYZE event;
