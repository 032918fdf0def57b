-- The two tables of an entity, by es-entity's conventions. No other columns are kept for queries: what changes is the events only.
CREATE TABLE vendors (
    id UUID PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE vendor_events (
    id UUID NOT NULL REFERENCES vendors (id),
    sequence INT NOT NULL,
    event_type VARCHAR NOT NULL,
    event JSONB NOT NULL,
    context JSONB DEFAULT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    UNIQUE (id, sequence)
);
