-- A password is changed by whoever knows it, or by whoever reads the account's mail; either ends the sessions that the old
-- one had opened, in all clinics.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

GRANT UPDATE (password_hash) ON identity.accounts TO identity;

-- An account ends its sessions wherever they are, and does nothing else to them.
CREATE POLICY own_account ON identity.sessions FOR SELECT TO identity
    USING (account_id = NULLIF(current_setting('app.account_id', true), '')::uuid);
CREATE POLICY own_account_ends ON identity.sessions FOR UPDATE TO identity
    USING (account_id = NULLIF(current_setting('app.account_id', true), '')::uuid)
    WITH CHECK (account_id = NULLIF(current_setting('app.account_id', true), '')::uuid AND ended_at IS NOT NULL);

-- A reset is told in each clinic of the account, as sign-ins are.
ALTER POLICY own_account_inserts ON kernel.audit_log
    WITH CHECK (module = CURRENT_USER::text
                AND action IN ('session.started', 'session.refused', 'account.password_reset')
                AND EXISTS (
                    SELECT 1
                      FROM identity.memberships AS own
                     WHERE own.clinic_id = audit_log.clinic_id
                       AND own.account_id = NULLIF(current_setting('app.account_id', true), '')::uuid));

-- Somebody asks for a link. Whether the address has an account is found out later, so that the answer cannot tell.
CREATE TABLE identity.password_reset_requests (
    id         uuid        NOT NULL,
    email_key  text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT password_reset_requests_pkey PRIMARY KEY (id),
    CONSTRAINT password_reset_requests_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT password_reset_requests_email_length CHECK (char_length(email_key) BETWEEN 1 AND 4096)
);
COMMENT ON TABLE identity.password_reset_requests IS
    'Addresses that a link was asked for, whoever has them, until the consumer has looked';
CREATE INDEX password_reset_requests_created_at ON identity.password_reset_requests (created_at);

-- A link in a mail: by a token of the account's id and 256 random bits, of which only the hash is kept.
CREATE TABLE identity.password_resets (
    id         uuid        NOT NULL,
    account_id uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT password_resets_pkey PRIMARY KEY (account_id, id),
    CONSTRAINT password_resets_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT password_resets_token_unique UNIQUE (account_id, token_hash),
    CONSTRAINT password_resets_token_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT password_resets_account_fkey FOREIGN KEY (account_id) REFERENCES identity.accounts (id)
);
COMMENT ON TABLE identity.password_resets IS 'Hashes of the tokens that were mailed to choose a new password';
COMMENT ON COLUMN identity.password_resets.used_at IS 'NULL: it was not used';
COMMENT ON COLUMN identity.password_resets.expires_at IS 'a newer link, or a new password, brings it forward';
CREATE INDEX password_resets_expires_at ON identity.password_resets (expires_at);

ALTER TABLE identity.password_reset_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.password_reset_requests FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.password_resets ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.password_resets FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON identity.password_reset_requests TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON identity.password_resets TO migrator USING (true) WITH CHECK (true);
CREATE POLICY of_nobody ON identity.password_reset_requests TO identity USING (true);
CREATE POLICY own_account ON identity.password_resets TO identity
    USING (account_id = NULLIF(current_setting('app.account_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON identity.password_reset_requests TO identity;
GRANT SELECT, INSERT, UPDATE (used_at, expires_at, updated_at) ON identity.password_resets TO identity;

-- Housekeeping.
CREATE POLICY housekeeper_reads ON identity.password_reset_requests FOR SELECT TO identity_housekeeper
    USING (created_at <= now());
CREATE POLICY housekeeper_locks ON identity.password_reset_requests FOR UPDATE TO identity_housekeeper
    USING (created_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON identity.password_reset_requests FOR DELETE TO identity_housekeeper
    USING (created_at <= now() - interval '1 hour');
CREATE POLICY housekeeper_reads ON identity.password_resets FOR SELECT TO identity_housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON identity.password_resets FOR UPDATE TO identity_housekeeper
    USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON identity.password_resets FOR DELETE TO identity_housekeeper
    USING (expires_at <= now());
GRANT SELECT (ctid, created_at), UPDATE (updated_at), DELETE ON identity.password_reset_requests TO identity_housekeeper;
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.password_resets TO identity_housekeeper;
