-- Prepares what the migrations themselves run as and are counted in. Safe to run again.
--
-- Roles belong to the whole cluster, so the migration of another database may be making them at
-- this very moment; the advisory lock, which is one database's, does not keep it away.
DO $$
BEGIN
    IF to_regrole('migrator') IS NULL THEN
        BEGIN
            CREATE ROLE migrator NOLOGIN CREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'migrator', 'SET') THEN
        BEGIN
            GRANT migrator TO CURRENT_USER WITH SET TRUE;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT has_database_privilege('migrator', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO migrator', current_database());
    END IF;
END
$$;

-- Nobody who logs in makes temporary tables, which would shadow ours, or large objects, which belong to no clinic. A
-- provider may keep the latter to its own administrators: then they stay as they are.
DO $$
DECLARE
    one regprocedure;
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    FOR one IN SELECT oid FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_|loread$|lowrite$)'
                  AND has_function_privilege('public', oid, 'EXECUTE') AND pg_has_role(proowner, 'USAGE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

SET ROLE migrator;
CREATE SCHEMA IF NOT EXISTS kernel;
