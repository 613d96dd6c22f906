-- The roles of the cluster. Roles are shared by all databases of a cluster, so each may exist already.
-- A module logs in under its own name; its password is set by whoever runs the cluster, never here.
-- <module>_published owns the module's published views and cannot log in.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
DECLARE
    module text;
BEGIN
    FOREACH module IN ARRAY ARRAY['identity', 'patients', 'billing', 'platform'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', module);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    FOREACH module IN ARRAY ARRAY['identity_published', 'patients_published'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', module);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        -- Handing a view over to a role takes membership in it.
        EXECUTE format('GRANT %I TO migrator WITH INHERIT FALSE, SET TRUE', module);
    END LOOP;
END
$$;

-- Nobody gets anything by being in PUBLIC.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
