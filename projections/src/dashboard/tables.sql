-- What the fold reads: the present state of what events refer to.

CREATE TABLE dashboard_v4.units (
  tenant_id uuid NOT NULL,
  unit_id uuid NOT NULL,
  property_id uuid NOT NULL,
  market_rent bigint NOT NULL,
  offline boolean NOT NULL,
  PRIMARY KEY (tenant_id, unit_id)
);

-- `rents` holds [first day, rent in minor units] of each rent agreed, in order of the days; `residents` their ids. `open` is
-- what its charges leave unpaid; `oldest` and `latest` are when the oldest and the latest of those was due, and `earlier` is what is
-- open of those that were due before the latest.
CREATE TABLE dashboard_v4.leases (
  tenant_id uuid NOT NULL,
  lease_id uuid NOT NULL,
  property_id uuid NOT NULL,
  unit_id uuid NOT NULL,
  residents jsonb NOT NULL,
  rents jsonb NOT NULL,
  activated_on date,
  open bigint NOT NULL,
  oldest date,
  latest date,
  earlier bigint NOT NULL,
  PRIMARY KEY (tenant_id, lease_id)
);
CREATE INDEX leases_by_open ON dashboard_v4.leases (tenant_id, open DESC, lease_id) INCLUDE (latest) WHERE open > 0;
CREATE INDEX leases_of_property_by_open ON dashboard_v4.leases (tenant_id, property_id, open DESC, lease_id) INCLUDE (latest)
  WHERE open > 0;
CREATE INDEX leases_by_earlier ON dashboard_v4.leases (tenant_id, earlier DESC, lease_id) INCLUDE (latest, open) WHERE earlier > 0;
CREATE INDEX leases_of_property_by_earlier ON dashboard_v4.leases (tenant_id, property_id, earlier DESC, lease_id)
  INCLUDE (latest, open) WHERE earlier > 0;
CREATE INDEX leases_by_latest ON dashboard_v4.leases (tenant_id, latest) INCLUDE (open, lease_id) WHERE open > 0;

CREATE TABLE dashboard_v4.charges (
  tenant_id uuid NOT NULL,
  charge_id uuid NOT NULL,
  lease_id uuid NOT NULL,
  property_id uuid NOT NULL,
  rent boolean NOT NULL,
  due_on date NOT NULL,
  open bigint NOT NULL,
  PRIMARY KEY (tenant_id, charge_id)
);
CREATE INDEX charges_open_of_lease ON dashboard_v4.charges (tenant_id, lease_id, due_on) INCLUDE (open) WHERE open > 0;

-- A request, or a work order; a work order that came from a request is measured as the request's job.
CREATE TABLE dashboard_v4.items (
  tenant_id uuid NOT NULL,
  item_id uuid NOT NULL,
  property_id uuid NOT NULL,
  work_order boolean NOT NULL,
  job_id uuid NOT NULL,
  priority text NOT NULL,
  open boolean NOT NULL,
  PRIMARY KEY (tenant_id, item_id)
);

-- An episode of a job: from its report, or its reopening, to the end of the work.
CREATE TABLE dashboard_v4.jobs (
  tenant_id uuid NOT NULL,
  job_id uuid NOT NULL,
  episode integer NOT NULL,
  property_id uuid NOT NULL,
  priority text NOT NULL,
  opened_at timestamptz NOT NULL,
  respond_by timestamptz NOT NULL,
  resolve_by timestamptz NOT NULL,
  responded_at timestamptz,
  resolved_at timestamptz,
  dropped boolean NOT NULL,
  PRIMARY KEY (tenant_id, job_id, episode)
);
CREATE INDEX jobs_by_response ON dashboard_v4.jobs (tenant_id, respond_by) INCLUDE (responded_at) WHERE NOT dropped;
CREATE INDEX jobs_by_resolution ON dashboard_v4.jobs (tenant_id, resolve_by) INCLUDE (resolved_at) WHERE NOT dropped;
CREATE INDEX jobs_resolved ON dashboard_v4.jobs (tenant_id, resolved_at) INCLUDE (opened_at)
  WHERE NOT dropped AND resolved_at IS NOT NULL;
-- Without the day in them too, a plan for any days would rather read all properties' jobs of the period.
CREATE INDEX jobs_of_property_by_response ON dashboard_v4.jobs (tenant_id, property_id, respond_by) INCLUDE (responded_at)
  WHERE NOT dropped;
CREATE INDEX jobs_of_property_by_resolution ON dashboard_v4.jobs (tenant_id, property_id, resolve_by) INCLUDE (resolved_at)
  WHERE NOT dropped;
CREATE INDEX jobs_of_property_resolved ON dashboard_v4.jobs (tenant_id, property_id, resolved_at) INCLUDE (opened_at)
  WHERE NOT dropped AND resolved_at IS NOT NULL;

-- What the queries read. `scope` is a property, or the organization itself for all of them together, so that a
-- question about 100,000 units reads as few rows as one about a single house.

-- By how much each figure changed on a day; a figure on a date is the sum up to it.
CREATE TABLE dashboard_v4.movements (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  day date NOT NULL,
  units bigint NOT NULL,
  rentable bigint NOT NULL,
  occupied bigint NOT NULL,
  market_rent bigint NOT NULL,
  contract_rent bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, day)
);

-- The same by month, so that a sum reads months and then the days of one.
CREATE TABLE dashboard_v4.movements_by_month (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  month date NOT NULL,
  units bigint NOT NULL,
  rentable bigint NOT NULL,
  occupied bigint NOT NULL,
  market_rent bigint NOT NULL,
  contract_rent bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, month)
);

-- By the day on which charges were due: what was charged, net of waivers and concessions, what of it was collected and what
-- is open, and for how many leases no older charge is.
CREATE TABLE dashboard_v4.dues (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  due_on date NOT NULL,
  charged bigint NOT NULL,
  collected bigint NOT NULL,
  rent_collected bigint NOT NULL,
  open bigint NOT NULL,
  leases bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, due_on)
);
CREATE INDEX dues_open ON dashboard_v4.dues (tenant_id, scope, due_on) INCLUDE (open, leases) WHERE open <> 0;

-- Requests and work orders that are open.
CREATE TABLE dashboard_v4.open_items (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  work_order boolean NOT NULL,
  priority text NOT NULL,
  items bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, work_order, priority)
);

-- By UTC day: the deadlines that fell on it and how many of them were kept; and the jobs whose work ended on it, with the
-- seconds that they took in all.
CREATE TABLE dashboard_v4.repairs (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  day date NOT NULL,
  responses bigint NOT NULL,
  responses_met bigint NOT NULL,
  resolutions bigint NOT NULL,
  resolutions_met bigint NOT NULL,
  jobs bigint NOT NULL,
  seconds bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, day)
);

CREATE TABLE dashboard_v4.repairs_by_month (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  month date NOT NULL,
  responses bigint NOT NULL,
  responses_met bigint NOT NULL,
  resolutions bigint NOT NULL,
  resolutions_met bigint NOT NULL,
  jobs bigint NOT NULL,
  seconds bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, month)
);

-- How long those jobs took: how many are in each bucket, packed (`durations.rs`).
CREATE TABLE dashboard_v4.durations (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  day date NOT NULL,
  counts bytea NOT NULL,
  PRIMARY KEY (tenant_id, scope, day)
);

CREATE TABLE dashboard_v4.durations_by_month (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  month date NOT NULL,
  counts bytea NOT NULL,
  PRIMARY KEY (tenant_id, scope, month)
);
