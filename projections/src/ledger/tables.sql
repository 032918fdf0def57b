-- The journal. Entries are numbered 1, 2, 3, ... in each organization, in the order of the log, and never change.

CREATE TABLE ledger_v2.organizations (
  tenant_id uuid NOT NULL PRIMARY KEY,
  currency text NOT NULL,
  operating_account uuid NOT NULL,
  deposit_account uuid NOT NULL,
  -- The number of the last entry.
  entries bigint NOT NULL
);

CREATE TABLE ledger_v2.entries (
  tenant_id uuid NOT NULL,
  number bigint NOT NULL,
  effective_on date NOT NULL,
  memo text NOT NULL,
  -- The event that caused it, where it stands in the log, and which of its entries this is, from 0.
  event_id uuid NOT NULL,
  event_index smallint NOT NULL,
  event_type text NOT NULL,
  aggregate_id uuid NOT NULL,
  epoch integer NOT NULL,
  shard smallint NOT NULL,
  position bigint NOT NULL,
  -- The number of the entry that this one takes back.
  reverses bigint,
  PRIMARY KEY (tenant_id, number),
  CHECK (reverses < number)
);
CREATE UNIQUE INDEX entries_reversed_once ON ledger_v2.entries (tenant_id, reverses) WHERE reverses IS NOT NULL;

-- `amount` in minor units: debits above zero, credits below. `item_id` is the charge, credit or deposit on a control account.
CREATE TABLE ledger_v2.lines (
  tenant_id uuid NOT NULL,
  number bigint NOT NULL,
  line smallint NOT NULL,
  effective_on date NOT NULL,
  account smallint NOT NULL,
  accrual boolean NOT NULL,
  cash boolean NOT NULL,
  amount bigint NOT NULL CHECK (amount <> 0),
  property_id uuid NOT NULL,
  unit_id uuid NOT NULL,
  lease_id uuid NOT NULL,
  item_id uuid,
  bank_account_id uuid,
  PRIMARY KEY (tenant_id, number, line)
);
CREATE INDEX lines_of_account ON ledger_v2.lines (tenant_id, account, effective_on, number, line);
CREATE INDEX lines_of_lease ON ledger_v2.lines (tenant_id, lease_id, effective_on, number) 
  WHERE account IN (1200, 2100, 2200);

-- Sums of the lines of a day. `scope` is a property, or the organization itself for all of them together, so that a question about
-- 100,000 units reads as few rows as one about a single house.
CREATE TABLE ledger_v2.balances (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  account smallint NOT NULL,
  day date NOT NULL,
  accrual bigint NOT NULL,
  cash bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, day, account)
);

-- The same by month, so that a sum reads months and then the days of one.
CREATE TABLE ledger_v2.balances_by_month (
  tenant_id uuid NOT NULL,
  scope uuid NOT NULL,
  account smallint NOT NULL,
  month date NOT NULL,
  accrual bigint NOT NULL,
  cash bigint NOT NULL,
  PRIMARY KEY (tenant_id, scope, account, month)
);

-- The open items of the control accounts: charges (1200), credits (2200), deposits (2100), each with the sum of its lines.
CREATE TABLE ledger_v2.items (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  account smallint NOT NULL,
  lease_id uuid NOT NULL,
  property_id uuid NOT NULL,
  unit_id uuid NOT NULL,
  description text NOT NULL,
  due_on date NOT NULL,
  balance bigint NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX items_open ON ledger_v2.items (tenant_id, account) WHERE balance <> 0;

-- Entries that a later event can take back, as what they were made from.
CREATE TABLE ledger_v2.standing (
  tenant_id uuid NOT NULL,
  credit_id uuid NOT NULL,
  number bigint NOT NULL,
  event_id uuid NOT NULL,
  event_index smallint NOT NULL,
  deed jsonb NOT NULL,
  PRIMARY KEY (tenant_id, credit_id, number)
);

-- The register: what the reports say about the things that the books are about.

CREATE TABLE ledger_v2.properties (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

-- `offline`: its spans of days, each {"from", "to"}, half-open.
CREATE TABLE ledger_v2.units (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  property_id uuid NOT NULL,
  number text NOT NULL,
  bedrooms smallint NOT NULL,
  half_baths smallint NOT NULL,
  square_feet integer,
  market_rent bigint NOT NULL,
  offline jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX units_of_property ON ledger_v2.units (tenant_id, property_id);

-- `leased_*`: the days for which it has the unit, half-open; none while it is a draft or when it was voided.
-- `terms`: {"from", "to"}, half-open, no end from month to month. `rents`: {"from", "rent", "tax"}, each from a day on.
-- `recurring`: {"id", "from", "to", "amount"}, tax included.
CREATE TABLE ledger_v2.leases (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  property_id uuid NOT NULL,
  unit_id uuid NOT NULL,
  residents uuid[] NOT NULL,
  terms jsonb NOT NULL,
  leased_from date,
  leased_to date,
  notice_given_on date,
  moved_in_on date,
  rents jsonb NOT NULL,
  recurring jsonb NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX leases_of_unit ON ledger_v2.leases (tenant_id, unit_id);

-- `name`: null once it was erased.
CREATE TABLE ledger_v2.residents (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text,
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE ledger_v2.payments (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  method text NOT NULL,
  reference text,
  PRIMARY KEY (tenant_id, id)
);
