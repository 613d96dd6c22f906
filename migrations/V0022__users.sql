-- The people of a clinic are listed and changed: what they are called, what they may do, and whether they may do anything.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

GRANT UPDATE (name, role, disabled_at, access_version, version, updated_at) ON identity.memberships TO identity;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX memberships_by_age ON identity.memberships (clinic_id, created_at, id);
-- Who changes roles takes all of these rows first, so that no two of them take a clinic's last owners away at once.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX memberships_active_owners ON identity.memberships (clinic_id, id) WHERE role = 'owner' AND disabled_at IS NULL;

-- A user, too, is identity's to speak of.
CREATE OR REPLACE FUNCTION kernel.is_own(of_module text, said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN split_part(said, '.', 1) = ANY (CASE of_module
        WHEN 'identity' THEN ARRAY['clinic', 'account', 'session', 'user']
        WHEN 'patients' THEN ARRAY['patient']
        WHEN 'billing'  THEN ARRAY['ledger', 'transaction']
        WHEN 'platform' THEN ARRAY['job', 'job_result', 'webhook_endpoint', 'webhook_secret']
        ELSE ARRAY[]::text[] END);
