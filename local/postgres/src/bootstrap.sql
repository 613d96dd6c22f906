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

SET ROLE migrator;
CREATE SCHEMA IF NOT EXISTS kernel;
