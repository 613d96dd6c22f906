-- Outgoing webhooks: where a clinic wants to hear of events, the secrets these are signed with, and each delivery.
-- Delivering spans clinics, and so has a role of its own. The functions that take requests never see a secret again.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE webhook_deliverer LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

CREATE SCHEMA platform;
GRANT USAGE ON SCHEMA platform TO platform, webhook_deliverer;

CREATE TABLE platform.webhook_endpoints (
    id          uuid        NOT NULL,
    clinic_id   uuid        NOT NULL,
    url         text        NOT NULL,
    kinds       text[]      NOT NULL,
    slot        bigint      NOT NULL,
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT webhook_endpoints_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT webhook_endpoints_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES identity.clinics (id),
    CONSTRAINT webhook_endpoints_url_length CHECK (char_length(url) BETWEEN 1 AND 2048),
    CONSTRAINT webhook_endpoints_kinds_some CHECK (cardinality(kinds) BETWEEN 1 AND 100),
    CONSTRAINT webhook_endpoints_slot_bounds CHECK (slot BETWEEN 1 AND 20)
);
COMMENT ON COLUMN platform.webhook_endpoints.disabled_at IS 'set when it answered 410: nothing is sent there any more';
COMMENT ON CONSTRAINT webhook_endpoints_slot_bounds ON platform.webhook_endpoints IS
    'twenty slots a clinic, each taken once: there is no twenty-first endpoint, however many are made at once';
CREATE UNIQUE INDEX webhook_endpoints_url_unique ON platform.webhook_endpoints (clinic_id, url) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX webhook_endpoints_slot_unique ON platform.webhook_endpoints (clinic_id, slot) WHERE deleted_at IS NULL;
CREATE INDEX webhook_endpoints_newest_first ON platform.webhook_endpoints (clinic_id, created_at, id)
    WHERE deleted_at IS NULL;

CREATE TABLE platform.webhook_secrets (
    id          uuid        NOT NULL,
    clinic_id   uuid        NOT NULL,
    endpoint_id uuid        NOT NULL,
    secret      bytea       NOT NULL,
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT webhook_secrets_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT webhook_secrets_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT webhook_secrets_endpoint_fkey FOREIGN KEY (clinic_id, endpoint_id)
        REFERENCES platform.webhook_endpoints (clinic_id, id),
    CONSTRAINT webhook_secrets_256_bits CHECK (octet_length(secret) = 32)
);
COMMENT ON COLUMN platform.webhook_secrets.secret IS
    'as it is and not hashed, because it signs; only the role that delivers may read it';
COMMENT ON COLUMN platform.webhook_secrets.expires_at IS 'NULL for the current one; one rotated out signs until then';
CREATE INDEX webhook_secrets_endpoint ON platform.webhook_secrets (clinic_id, endpoint_id);
CREATE UNIQUE INDEX webhook_secrets_current_unique ON platform.webhook_secrets (clinic_id, endpoint_id)
    WHERE expires_at IS NULL;
CREATE INDEX webhook_secrets_expired ON platform.webhook_secrets (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE platform.webhook_deliveries (
    id          uuid        NOT NULL,
    clinic_id   uuid        NOT NULL,
    endpoint_id uuid        NOT NULL,
    event_id    uuid        NOT NULL,
    kind        text        NOT NULL,
    ids         jsonb       NOT NULL,
    occurred_at timestamptz NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting',
    attempts    bigint      NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL,
    last_status bigint,
    finished_at timestamptz,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT webhook_deliveries_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT webhook_deliveries_event_id_v7 CHECK (uuid_extract_version(event_id) IS NOT DISTINCT FROM 7),
    CONSTRAINT webhook_deliveries_endpoint_fkey FOREIGN KEY (clinic_id, endpoint_id)
        REFERENCES platform.webhook_endpoints (clinic_id, id),
    CONSTRAINT webhook_deliveries_event_unique UNIQUE (clinic_id, endpoint_id, event_id),
    CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
    CONSTRAINT webhook_deliveries_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT webhook_deliveries_finished_with_instant CHECK ((finished_at IS NULL) = (state = 'waiting'))
);
COMMENT ON COLUMN platform.webhook_deliveries.due_at IS
    'not before this instant: it failed and is to be tried again, or somebody is sending it';
COMMENT ON COLUMN platform.webhook_deliveries.last_status IS 'NULL when nobody answered; nothing else of a reply is kept';
COMMENT ON CONSTRAINT webhook_deliveries_finished_with_instant ON platform.webhook_deliveries IS
    'what has ended says when';
CREATE INDEX webhook_deliveries_due ON platform.webhook_deliveries (clinic_id, endpoint_id, due_at, id)
    WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_finished ON platform.webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE platform.webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.webhook_endpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE platform.webhook_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.webhook_secrets FORCE ROW LEVEL SECURITY;
ALTER TABLE platform.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.webhook_deliveries FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON platform.webhook_endpoints TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON platform.webhook_secrets TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON platform.webhook_deliveries TO migrator USING (true) WITH CHECK (true);

CREATE POLICY own_clinic ON platform.webhook_endpoints TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON platform.webhook_secrets TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON platform.webhook_deliveries TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY deliverer ON platform.webhook_endpoints TO webhook_deliverer USING (true);
CREATE POLICY deliverer ON platform.webhook_secrets TO webhook_deliverer USING (true);
CREATE POLICY deliverer ON platform.webhook_deliveries TO webhook_deliverer USING (true);

GRANT SELECT, INSERT, UPDATE (deleted_at, updated_at) ON platform.webhook_endpoints TO platform;
GRANT SELECT (id, clinic_id, endpoint_id, expires_at, created_at, updated_at), INSERT, UPDATE (expires_at, updated_at)
    ON platform.webhook_secrets TO platform;
GRANT SELECT, INSERT, UPDATE (state, finished_at, updated_at) ON platform.webhook_deliveries TO platform;
GRANT SELECT (id, clinic_id, url, disabled_at, deleted_at), UPDATE (disabled_at, updated_at)
    ON platform.webhook_endpoints TO webhook_deliverer;
GRANT SELECT, DELETE ON platform.webhook_secrets TO webhook_deliverer;
GRANT SELECT, UPDATE (state, attempts, due_at, last_status, finished_at, updated_at), DELETE
    ON platform.webhook_deliveries TO webhook_deliverer;
