-- What every module may do in kernel was granted to each of them by name, eighteen times: a new module would have repeated
-- it all. Now one role has it, which cannot log in, and a module is a member:
--     GRANT modules TO <module> WITH INHERIT TRUE, SET FALSE;
-- Policies still tell the modules apart, by CURRENT_USER, which membership does not change.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE modules NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT modules TO identity, patients, billing, platform WITH INHERIT TRUE, SET FALSE;

GRANT USAGE ON SCHEMA kernel TO modules;
GRANT EXECUTE ON FUNCTION kernel.ensure(boolean, text) TO modules;
GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.idempotency_keys, kernel.rate_buckets TO modules;
GRANT INSERT ON kernel.outbox, kernel.inbox, kernel.audit_log, kernel.job_parts, kernel.mails TO modules;
GRANT SELECT, INSERT, UPDATE (state, done, failure, finished_at, updated_at) ON kernel.jobs TO modules;
GRANT SELECT (id) ON kernel.mails TO modules;

ALTER POLICY module_rows ON kernel.idempotency_keys TO modules;
ALTER POLICY module_rows ON kernel.rate_buckets TO modules;
ALTER POLICY module_inserts ON kernel.outbox TO modules;
ALTER POLICY module_inserts ON kernel.inbox TO modules;
ALTER POLICY module_inserts ON kernel.audit_log TO modules;
ALTER POLICY module_inserts ON kernel.jobs TO modules;
ALTER POLICY own_clinic_reads ON kernel.jobs TO modules;
ALTER POLICY own_clinic_moves ON kernel.jobs TO modules;
ALTER POLICY module_inserts ON kernel.job_parts TO modules;
ALTER POLICY module_inserts ON kernel.mails TO modules;
ALTER POLICY module_rows ON kernel.mails TO modules;

REVOKE USAGE ON SCHEMA kernel FROM identity, patients, billing, platform;
REVOKE EXECUTE ON FUNCTION kernel.ensure(boolean, text) FROM identity, patients, billing, platform;
REVOKE SELECT, INSERT, UPDATE, DELETE ON kernel.idempotency_keys, kernel.rate_buckets
    FROM identity, patients, billing, platform;
REVOKE INSERT ON kernel.outbox, kernel.inbox, kernel.audit_log, kernel.job_parts, kernel.mails
    FROM identity, patients, billing, platform;
REVOKE SELECT, INSERT, UPDATE (state, done, failure, finished_at, updated_at) ON kernel.jobs
    FROM identity, patients, billing, platform;
REVOKE SELECT (id) ON kernel.mails FROM identity, patients, billing;

SET LOCAL ROLE kernel_turns;
GRANT EXECUTE ON FUNCTION kernel.is_turn(text, text[], text, uuid, bigint) TO modules;
REVOKE EXECUTE ON FUNCTION kernel.is_turn(text, text[], text, uuid, bigint)
    FROM identity, patients, billing, platform;
SET LOCAL ROLE migrator;
