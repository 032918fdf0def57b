-- The present state of each thing, as lists and detail pages show it. Its documents change often and its key never, which costs no
-- index anything as long as there is room beside the row.
CREATE TABLE directory_v2.entries (
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  id uuid NOT NULL,
  -- The last sequence of the aggregate it shows: its ETag.
  version bigint NOT NULL,
  -- Where it stands in lists of its kind, compared byte by byte.
  sort text COLLATE "C" NOT NULL,
  -- What lists of its kind are filtered by: 'status:active', 'property:<id>'; and 'all'.
  facets text[] NOT NULL,
  document json NOT NULL,
  PRIMARY KEY (tenant_id, kind, id)
) WITH (fillfactor = 80);

-- One row for each facet of each entry, in the order of the list: every page is read off this index.
CREATE TABLE directory_v2.facets (
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  facet text NOT NULL,
  sort text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  PRIMARY KEY (tenant_id, kind, facet, sort, id)
);
