-- Somebody who runs a clinic invites others to work in it, by mail. Whoever reads that mail becomes a member, once.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE identity.invitations (
    id         uuid        NOT NULL,
    clinic_id  uuid        NOT NULL,
    invited_by uuid        NOT NULL,
    name       text        NOT NULL,
    email      text        NOT NULL,
    email_key  text        NOT NULL,
    role       text        NOT NULL,
    token_hash bytea,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT invitations_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT invitations_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT invitations_inviter_fkey FOREIGN KEY (clinic_id, invited_by) REFERENCES identity.memberships (clinic_id, id),
    CONSTRAINT invitations_name_length CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT invitations_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT invitations_role_known CHECK (role IN ('admin', 'clinician', 'front_desk', 'accountant')),
    CONSTRAINT invitations_token_unique UNIQUE (clinic_id, token_hash),
    CONSTRAINT invitations_token_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT invitations_end_reason_known CHECK (end_reason IN ('accepted', 'withdrawn', 'replaced')),
    CONSTRAINT invitations_ended_with_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CONSTRAINT invitations_ended_is_over CHECK (expires_at <= ended_at)
);
COMMENT ON TABLE identity.invitations IS 'Who may become a member of a clinic, and as what, by a token that was mailed';
COMMENT ON COLUMN identity.invitations.email_key IS 'the address as accounts have it: what makes two addresses one account';
COMMENT ON COLUMN identity.invitations.token_hash IS 'NULL: no mail with a token was made yet';
COMMENT ON COLUMN identity.invitations.ended_at IS 'NULL: open until expires_at, which an end brings forward';
COMMENT ON COLUMN identity.invitations.end_reason IS 'NULL while it is open';
COMMENT ON CONSTRAINT invitations_role_known ON identity.invitations IS 'An owner is made of a member, by another owner.';
COMMENT ON CONSTRAINT invitations_ended_is_over ON identity.invitations IS
    'An end brings the expiry forward, by which housekeeping goes.';
COMMENT ON CONSTRAINT invitations_ended_with_reason ON identity.invitations IS 'Whatever ends an invitation says why.';
CREATE UNIQUE INDEX invitations_one_open_an_address ON identity.invitations (clinic_id, email_key) WHERE ended_at IS NULL;
CREATE INDEX invitations_open ON identity.invitations (clinic_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX invitations_inviter ON identity.invitations (clinic_id, invited_by);
CREATE INDEX invitations_expires_at ON identity.invitations (expires_at);

ALTER TABLE identity.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON identity.invitations TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON identity.invitations TO identity
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (token_hash, expires_at, ended_at, end_reason, updated_at) ON identity.invitations TO identity;

-- Housekeeping.
CREATE POLICY housekeeper_reads ON identity.invitations FOR SELECT TO identity_housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON identity.invitations FOR UPDATE TO identity_housekeeper
    USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON identity.invitations FOR DELETE TO identity_housekeeper USING (expires_at <= now());
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.invitations TO identity_housekeeper;

-- An invitation, too, is identity's to speak of.
CREATE OR REPLACE FUNCTION kernel.is_own(of_module text, said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN split_part(said, '.', 1) = ANY (CASE of_module
        WHEN 'identity' THEN ARRAY['clinic', 'account', 'session', 'user', 'invitation']
        WHEN 'patients' THEN ARRAY['patient']
        WHEN 'billing'  THEN ARRAY['ledger', 'transaction']
        WHEN 'platform' THEN ARRAY['job', 'job_result', 'webhook_endpoint', 'webhook_secret']
        ELSE ARRAY[]::text[] END);
