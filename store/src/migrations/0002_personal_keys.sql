-- The key of each person whose data the log holds, wrapped by the master key. Deleting the row is what erases the person.
CREATE TABLE personal_keys (
  tenant_id uuid NOT NULL,
  person_id uuid NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, person_id)
);
SELECT isolate_by_organization('personal_keys');

-- A person's key arrives with the events that name the person first, in the same call.
GRANT SELECT, INSERT ON personal_keys TO propertyos_append;
CREATE POLICY append ON personal_keys TO propertyos_append USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON personal_keys TO propertyos_stream;
