-- kernel: what every module writes beside its own change, in the same transaction.
-- A module sees and writes only rows of its own name (module = CURRENT_USER) and its own clinic.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

GRANT USAGE ON SCHEMA kernel TO identity, patients, billing, platform;

-- A condition of a flush fails in the database: the COMMIT behind it is already on its way.
-- The failure's name travels as a constraint name, like that of any other violation.
CREATE FUNCTION kernel.ensure(condition boolean, failure text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog
AS $$
BEGIN
    IF condition IS NOT TRUE THEN
        RAISE EXCEPTION 'a condition of the transaction does not hold'
            USING ERRCODE = 'check_violation', CONSTRAINT = failure;
    END IF;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION kernel.ensure(boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kernel.ensure(boolean, text) TO identity, patients, billing, platform;

CREATE TABLE kernel.idempotency_keys (
    clinic_id    uuid        NOT NULL,
    module       text        NOT NULL DEFAULT CURRENT_USER,
    caller_id    uuid        NOT NULL,
    key          text        NOT NULL,
    fingerprint  bytea       NOT NULL,
    reply        jsonb,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_claimed_once PRIMARY KEY (clinic_id, module, caller_id, key),
    CONSTRAINT idempotency_keys_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_keys_fingerprint_sha256 CHECK (octet_length(fingerprint) = 32)
);
COMMENT ON COLUMN kernel.idempotency_keys.reply IS 'NULL only inside the transaction that claims the key';
CREATE INDEX idempotency_keys_expires_at ON kernel.idempotency_keys (expires_at);

CREATE TABLE kernel.outbox (
    id           uuid        NOT NULL,
    clinic_id    uuid        NOT NULL,
    module       text        NOT NULL DEFAULT CURRENT_USER,
    aggregate    text        NOT NULL,
    aggregate_id uuid        NOT NULL,
    seq          bigint      NOT NULL,
    kind         text        NOT NULL,
    ids          jsonb       NOT NULL,
    traceparent  text        NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT outbox_order_unique UNIQUE (clinic_id, aggregate, aggregate_id, seq, kind),
    CONSTRAINT outbox_seq_positive CHECK (seq > 0)
);
COMMENT ON COLUMN kernel.outbox.seq IS 'the version of the aggregate''s row after the change: neither ids nor clocks order commits';
COMMENT ON COLUMN kernel.outbox.ids IS 'identifiers only, never personal data';

CREATE TABLE kernel.inbox (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    clinic_id  uuid        NOT NULL,
    module     text        NOT NULL DEFAULT CURRENT_USER,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT inbox_once PRIMARY KEY (consumer, event_id),
    CONSTRAINT inbox_event_id_v7 CHECK (uuid_extract_version(event_id) IS NOT DISTINCT FROM 7)
);

CREATE TABLE kernel.rate_buckets (
    clinic_id  uuid             NOT NULL,
    module     text             NOT NULL DEFAULT CURRENT_USER,
    bucket     text             NOT NULL,
    tokens     double precision NOT NULL,
    created_at timestamptz      NOT NULL,
    updated_at timestamptz      NOT NULL,
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (clinic_id, module, bucket),
    CONSTRAINT rate_buckets_tokens_not_negative CHECK (tokens >= 0)
);

CREATE TABLE kernel.audit_log (
    id           uuid        NOT NULL,
    clinic_id    uuid        NOT NULL,
    module       text        NOT NULL DEFAULT CURRENT_USER,
    actor_id     uuid        NOT NULL,
    action       text        NOT NULL,
    subject      text        NOT NULL,
    subject_id   uuid        NOT NULL,
    request_id   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT audit_log_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7)
);
CREATE INDEX audit_log_clinic_created ON kernel.audit_log (clinic_id, created_at, id);

ALTER TABLE kernel.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.idempotency_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.inbox FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.rate_buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.rate_buckets FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.audit_log FORCE ROW LEVEL SECURITY;

-- FORCE hits the owner too; without these, backfills see nothing and VALIDATE passes orphans.
CREATE POLICY migrator ON kernel.idempotency_keys TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON kernel.outbox TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON kernel.inbox TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON kernel.rate_buckets TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON kernel.audit_log TO migrator USING (true) WITH CHECK (true);

CREATE POLICY module_rows ON kernel.idempotency_keys TO identity, patients, billing, platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY module_rows ON kernel.rate_buckets TO identity, patients, billing, platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY module_inserts ON kernel.outbox FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY module_inserts ON kernel.inbox FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY module_inserts ON kernel.audit_log FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY platform_reads ON kernel.audit_log FOR SELECT TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.idempotency_keys, kernel.rate_buckets
    TO identity, patients, billing, platform;
GRANT INSERT ON kernel.outbox, kernel.inbox, kernel.audit_log TO identity, patients, billing, platform;
GRANT SELECT ON kernel.audit_log TO platform;
