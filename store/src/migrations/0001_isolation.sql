REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Puts a table that has a tenant_id under forced row-level security: the app role reads the rows of the organization that
-- its transaction has set, and none without one; the stream role reaches all. To write, a role needs grants of its own.
CREATE FUNCTION isolate_by_organization(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
  -- A setting that was local to an ended transaction reads '' and not NULL.
  EXECUTE format('CREATE POLICY organization ON %s FOR SELECT TO propertyos_app
    USING (tenant_id = NULLIF(current_setting(''app.current_tenant_id'', true), '''')::uuid)', target);
  EXECUTE format('CREATE POLICY streams ON %s TO propertyos_stream USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT ON %s TO propertyos_app', target);
END $$;
