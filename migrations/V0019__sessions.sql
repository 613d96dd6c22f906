-- Who signs in has a session; its refresh tokens replace each other, and its access tokens are good while it is open. Who may
-- go on is asked with every transaction of a caller.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE identity.memberships
    ADD COLUMN access_version bigint NOT NULL DEFAULT 1,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT memberships_access_version_positive CHECK (access_version > 0);
COMMENT ON COLUMN identity.memberships.access_version IS
    'grows with every change of what the member may do; a token with another one is refused';

CREATE TABLE identity.sessions (
    id                uuid        NOT NULL,
    clinic_id         uuid        NOT NULL,
    user_id           uuid        NOT NULL,
    account_id        uuid        NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint
    assurance         smallint    NOT NULL DEFAULT 1,
    transport         text        NOT NULL,
    device_name       text,
    device_token_hash bytea       NOT NULL,
    used_at           timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    end_reason        text,
    late_at           timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT sessions_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES identity.memberships (clinic_id, id),
    CONSTRAINT sessions_account_fkey FOREIGN KEY (account_id) REFERENCES identity.accounts (id),
    CONSTRAINT sessions_assurance_known CHECK (assurance IN (1, 2)),
    CONSTRAINT sessions_transport_known CHECK (transport IN ('cookie', 'body')),
    CONSTRAINT sessions_device_name_length CHECK (char_length(device_name) BETWEEN 1 AND 120),
    CONSTRAINT sessions_device_token_sha256 CHECK (octet_length(device_token_hash) = 32),
    CONSTRAINT sessions_end_reason_known CHECK (end_reason IN ('logout', 'removed', 'reuse', 'password', 'disabled')),
    CONSTRAINT sessions_ended_with_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CONSTRAINT sessions_ended_is_over CHECK (expires_at <= ended_at)
);
COMMENT ON TABLE identity.sessions IS 'A sign-in: of a member of a clinic, on one device';
COMMENT ON COLUMN identity.sessions.assurance IS '1: by a password; 2: with a second factor as well';
COMMENT ON COLUMN identity.sessions.transport IS 'where the refresh tokens travel';
COMMENT ON COLUMN identity.sessions.device_name IS 'as the client called it; NULL: it did not';
COMMENT ON COLUMN identity.sessions.ended_at IS 'NULL: open until expires_at, which an end brings forward';
COMMENT ON COLUMN identity.sessions.end_reason IS 'NULL while it is open';
COMMENT ON COLUMN identity.sessions.late_at IS
    'when a device that had lost a reply was helped on, which happens once a session; NULL: never';
COMMENT ON CONSTRAINT sessions_ended_is_over ON identity.sessions IS
    'An end brings the expiry forward, by which housekeeping goes.';
COMMENT ON CONSTRAINT sessions_ended_with_reason ON identity.sessions IS 'Whatever ends a session says why.';
CREATE INDEX sessions_open_of_user ON identity.sessions (clinic_id, user_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_user ON identity.sessions (clinic_id, user_id);
CREATE INDEX sessions_account ON identity.sessions (account_id);
CREATE INDEX sessions_expires_at ON identity.sessions (expires_at);

CREATE TABLE identity.refresh_tokens (
    clinic_id       uuid        NOT NULL,
    token_hash      bytea       NOT NULL,
    session_id      uuid        NOT NULL,
    -- squawk-ignore prefer-bigint-over-int
    generation      integer     NOT NULL,
    consumed_at     timestamptz,
    successor_nonce bytea,
    replaced_at     timestamptz,
    expires_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (clinic_id, token_hash),
    CONSTRAINT refresh_tokens_one_a_generation UNIQUE (clinic_id, session_id, generation),
    CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (clinic_id, session_id)
        REFERENCES identity.sessions (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_hash_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT refresh_tokens_generation_positive CHECK (generation > 0),
    CONSTRAINT refresh_tokens_nonce_with_consumption CHECK ((consumed_at IS NULL) = (successor_nonce IS NULL)),
    CONSTRAINT refresh_tokens_nonce_length CHECK (octet_length(successor_nonce) = 32)
);
COMMENT ON TABLE identity.refresh_tokens IS 'Hashes of the tokens of a session; the one of the last generation is good';
COMMENT ON COLUMN identity.refresh_tokens.consumed_at IS 'when its successor was made; NULL: it has none';
COMMENT ON COLUMN identity.refresh_tokens.successor_nonce IS
    'HMAC-SHA256 of it under this row''s token is the successor: whoever still has this one can be told it again, and nobody else';
COMMENT ON COLUMN identity.refresh_tokens.replaced_at IS
    'when it was given up unused for another successor, to a device that had never received it; NULL: never';
COMMENT ON CONSTRAINT refresh_tokens_nonce_with_consumption ON identity.refresh_tokens IS
    'A consumed token can be asked for its successor.';

ALTER TABLE identity.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON identity.sessions TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON identity.refresh_tokens TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON identity.sessions TO identity
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON identity.refresh_tokens TO identity
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (used_at, expires_at, ended_at, end_reason, late_at, updated_at)
    ON identity.sessions TO identity;
GRANT SELECT, INSERT, UPDATE (consumed_at, successor_nonce, replaced_at, updated_at)
    ON identity.refresh_tokens TO identity;

-- Housekeeping: a session goes with its tokens.
CREATE POLICY housekeeper_reads ON identity.sessions FOR SELECT TO identity_housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON identity.sessions FOR UPDATE TO identity_housekeeper
    USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON identity.sessions FOR DELETE TO identity_housekeeper USING (expires_at <= now());
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.sessions TO identity_housekeeper;

-- Whether a caller may go on, by the database of now. It raises, so that the transaction in which it stands does nothing.
-- The clinic is a parameter: the caller's token names it. Without a version any will do.
CREATE POLICY gate ON identity.sessions FOR SELECT TO identity_gate USING (true);
GRANT SELECT (clinic_id, id, access_version) ON identity.memberships TO identity_gate;
GRANT SELECT (clinic_id, id, user_id, ended_at, expires_at) ON identity.sessions TO identity_gate;
GRANT USAGE, CREATE ON SCHEMA kernel TO identity_gate;
SET LOCAL ROLE identity_gate;
CREATE FUNCTION kernel.admit(clinic uuid, member uuid, session uuid, version bigint, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog
AS $$
DECLARE
    found record;
BEGIN
    SELECT s.ended_at IS NULL AND s.expires_at > admit.at AND m.disabled_at IS NULL AS is_open,
           m.access_version = COALESCE(admit.version, m.access_version) AS is_current
      INTO found
      FROM identity.sessions AS s
      JOIN identity.memberships AS m ON m.clinic_id = s.clinic_id AND m.id = s.user_id
     WHERE s.clinic_id = admit.clinic
       AND s.id = admit.session
       AND s.user_id = admit.member;
    IF found.is_open IS NOT TRUE THEN
        RAISE EXCEPTION 'the session is over' USING ERRCODE = 'check_violation', CONSTRAINT = 'session_ended';
    ELSIF NOT found.is_current THEN
        RAISE EXCEPTION 'the token is out of date' USING ERRCODE = 'check_violation', CONSTRAINT = 'access_changed';
    END IF;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION kernel.admit(uuid, uuid, uuid, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kernel.admit(uuid, uuid, uuid, bigint, timestamptz) TO modules;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA kernel FROM identity_gate;
