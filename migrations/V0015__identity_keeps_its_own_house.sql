-- A module deletes what is its own: identity's old proofs of addresses go under a role of identity's, and platform's
-- housekeeper has no right to anything of identity any more. Until functions of the new version are there, the old
-- housekeeping fails at this kind once an hour, and does all others; the first run of the new worker catches up.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE identity_housekeeper LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA identity TO identity_housekeeper;
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.email_verifications TO identity_housekeeper;
ALTER POLICY housekeeper_reads ON identity.email_verifications TO identity_housekeeper;
ALTER POLICY housekeeper_locks ON identity.email_verifications TO identity_housekeeper;
ALTER POLICY housekeeper_deletes ON identity.email_verifications TO identity_housekeeper;

REVOKE SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.email_verifications FROM housekeeper;
REVOKE USAGE ON SCHEMA identity FROM housekeeper;
