-- Whose address is verified, as other modules may ask; an address that nobody verified gives way; sign-ins and reads in
-- the audit log, with the person they are about; what a module may say, and what no role may make.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- Who a row of the audit log is about, so that who read what of a patient can be asked; and where a sign-in came from.
ALTER TABLE kernel.audit_log
    ADD COLUMN about uuid,
    ADD COLUMN client_address inet;
COMMENT ON COLUMN kernel.audit_log.about IS 'the person whose data was read or changed; NULL where it was nobody''s';
COMMENT ON COLUMN kernel.audit_log.client_address IS 'where a sign-in came from, good or bad; NULL for everything else';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_log_about ON kernel.audit_log (clinic_id, about, created_at, id) WHERE about IS NOT NULL;
ALTER TABLE kernel.jobs ADD COLUMN about uuid;
COMMENT ON COLUMN kernel.jobs.about IS 'the person whose data the job gathers, for the audit row of whoever fetches it';

-- A module says what is its own to say: the subject before the dot of an event's kind or an action is one of its own. A
-- new subject is added to this function by the migration that brings it.
CREATE FUNCTION kernel.is_own(of_module text, said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN split_part(said, '.', 1) = ANY (CASE of_module
        WHEN 'identity' THEN ARRAY['clinic', 'account', 'session']
        WHEN 'patients' THEN ARRAY['patient']
        WHEN 'billing'  THEN ARRAY['ledger', 'transaction']
        WHEN 'platform' THEN ARRAY['job', 'job_result', 'webhook_endpoint', 'webhook_secret']
        ELSE ARRAY[]::text[] END);
GRANT EXECUTE ON FUNCTION kernel.is_own(text, text) TO modules;
ALTER POLICY module_inserts ON kernel.outbox
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text
                AND (kind = 'mail.requested' OR kernel.is_own(CURRENT_USER::text, kind)));
ALTER POLICY module_inserts ON kernel.audit_log
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text
                AND kernel.is_own(CURRENT_USER::text, action));

-- What a consumer took, it took in one clinic: no clinic can name another one's event.
ALTER TABLE kernel.inbox
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT inbox_once,
    -- squawk-ignore adding-serial-primary-key-field, disallowed-unique-constraint, constraint-missing-not-valid
    ADD CONSTRAINT inbox_once PRIMARY KEY (clinic_id, consumer, event_id);
GRANT CREATE ON SCHEMA kernel TO kernel_turns;
SET LOCAL ROLE kernel_turns;
CREATE OR REPLACE FUNCTION kernel.is_turn(
    of_consumer text, of_kinds text[], of_aggregate text, of_aggregate_id uuid, of_seq bigint
) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog
AS $$
    SELECT NOT EXISTS (
        SELECT 1
          FROM unnest(of_kinds) AS heard (kind)
         CROSS JOIN LATERAL (
               SELECT o.clinic_id, o.id
                 FROM kernel.outbox AS o
                WHERE o.clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid
                  AND o.aggregate = of_aggregate
                  AND o.aggregate_id = of_aggregate_id
                  AND o.kind = heard.kind
                  AND o.seq < of_seq
                ORDER BY o.seq DESC
                LIMIT 1) AS before
         WHERE NOT EXISTS (
               SELECT 1
                 FROM kernel.inbox AS i
                WHERE i.clinic_id = before.clinic_id
                  AND i.consumer = of_consumer
                  AND i.event_id = before.id))
$$;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA kernel FROM kernel_turns;

-- An instant as the API writes it (RFC 3339 in UTC), for what is kept as JSON and handed out as it is.
CREATE FUNCTION kernel.instant(at timestamptz) RETURNS text
    LANGUAGE sql STABLE
    RETURN rtrim(rtrim(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z';
GRANT EXECUTE ON FUNCTION kernel.instant(timestamptz) TO modules;

-- Readiness writes: a database that only reads, or whose disk is full, is not ready.
CREATE TABLE kernel.readiness_probes (
    module     text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT readiness_probes_pkey PRIMARY KEY (module)
);
INSERT INTO kernel.readiness_probes (module, created_at, updated_at) VALUES ('platform', now(), now());
GRANT SELECT, UPDATE (updated_at) ON kernel.readiness_probes TO platform;

-- Whose address is verified, as other modules ask before they hand out data or mail others.
GRANT SELECT (id, email_verified_at) ON identity.accounts TO identity_published;
GRANT SELECT (clinic_id, id, account_id) ON identity.memberships TO identity_published;
CREATE POLICY published ON identity.memberships FOR SELECT TO identity_published
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT CREATE ON SCHEMA identity TO identity_published;
CREATE VIEW identity.published_members AS
    SELECT m.clinic_id, m.id, a.email_verified_at IS NOT NULL AS is_verified
      FROM identity.memberships AS m
      JOIN identity.accounts AS a ON a.id = m.account_id;
ALTER VIEW identity.published_members OWNER TO identity_published;
REVOKE CREATE ON SCHEMA identity FROM identity_published;
SET LOCAL ROLE identity_published;
GRANT SELECT ON identity.published_members TO identity, patients, billing, platform;
SET LOCAL ROLE migrator;

-- An account whose address nobody verified within a day gives way to whoever signs up with that address: the address is
-- theirs who read its mail. Its people lose their access; what they wrote stays in their clinic.
DO $$
BEGIN
    CREATE ROLE identity_gate NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT identity_gate TO migrator WITH INHERIT FALSE, SET TRUE;
GRANT USAGE ON SCHEMA identity TO identity_gate;
GRANT SELECT (id, email_key, email_verified_at, created_at), UPDATE (email_key, updated_at) ON identity.accounts
    TO identity_gate;
GRANT SELECT (account_id, disabled_at, version), UPDATE (disabled_at, version, updated_at) ON identity.memberships
    TO identity_gate;
CREATE POLICY gives_way ON identity.memberships FOR SELECT TO identity_gate USING (true);
CREATE POLICY gives_way_update ON identity.memberships FOR UPDATE TO identity_gate
    USING (disabled_at IS NULL) WITH CHECK (disabled_at IS NOT NULL);
GRANT CREATE ON SCHEMA identity TO identity_gate;
CREATE FUNCTION identity.give_way(of_email_key text, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog
AS $$
    WITH gone AS (
        UPDATE identity.accounts
           SET email_key = id::text, updated_at = at
         WHERE email_key = of_email_key
           AND email_verified_at IS NULL
           AND created_at <= at - interval '24 hours'
        RETURNING id
    )
    UPDATE identity.memberships AS m
       SET disabled_at = at, version = m.version + 1, updated_at = at
      FROM gone
     WHERE m.account_id = gone.id
       AND m.disabled_at IS NULL
$$;
ALTER FUNCTION identity.give_way(text, timestamptz) OWNER TO identity_gate;
REVOKE CREATE ON SCHEMA identity FROM identity_gate;
SET LOCAL ROLE identity_gate;
REVOKE EXECUTE ON FUNCTION identity.give_way(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.give_way(text, timestamptz) TO identity;
SET LOCAL ROLE migrator;

-- A sign-in, good or bad, is told in the clinics of its account: whose it is, is known before the clinic is.
CREATE POLICY own_account_inserts ON kernel.audit_log FOR INSERT TO identity
    WITH CHECK (module = CURRENT_USER::text
                AND action IN ('session.started', 'session.refused')
                AND EXISTS (
                    SELECT 1
                      FROM identity.memberships AS own
                     WHERE own.clinic_id = audit_log.clinic_id
                       AND own.account_id = NULLIF(current_setting('app.account_id', true), '')::uuid));
