-- Mail: the letter box, the language that a clinic is written to in, and the proof that an address is its owner's.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- A module puts a mail in with its own change; platform sends it. What was in it is kept until then and no longer.
CREATE TABLE kernel.mails (
    id                uuid        NOT NULL,
    clinic_id         uuid        NOT NULL,
    module            text        NOT NULL DEFAULT CURRENT_USER,
    key               text        NOT NULL,
    language          text        NOT NULL,
    recipient_address text,
    recipient_name    text,
    subject           text,
    html              text,
    plain_text        text,
    attachments       jsonb,
    state             text        NOT NULL DEFAULT 'queued',
    leased_until      timestamptz,
    sent_at           timestamptz,
    provider_id       text,
    failure           text,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT mails_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT mails_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT mails_one_a_key UNIQUE (clinic_id, module, key),
    CONSTRAINT mails_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT mails_language_known CHECK (language IN ('pt-BR', 'en')),
    CONSTRAINT mails_address_one_line CHECK (recipient_address !~ '[[:cntrl:]]' AND char_length(recipient_address) BETWEEN 3 AND 254),
    CONSTRAINT mails_name_one_line CHECK (recipient_name !~ '[[:cntrl:]]' AND char_length(recipient_name) BETWEEN 1 AND 255),
    CONSTRAINT mails_subject_one_line CHECK (subject !~ '[[:cntrl:]]' AND char_length(subject) BETWEEN 1 AND 500),
    CONSTRAINT mails_attachments_list CHECK (jsonb_typeof(attachments) = 'array'),
    CONSTRAINT mails_state_known CHECK (state IN ('queued', 'sent', 'failed')),
    CONSTRAINT mails_erased_when_done CHECK (
        CASE WHEN state = 'queued'
             THEN num_nulls(recipient_address, subject, html, plain_text, attachments) = 0
             ELSE num_nonnulls(recipient_address, recipient_name, subject, html, plain_text, attachments) = 0
        END),
    CONSTRAINT mails_lease_while_queued CHECK (leased_until IS NULL OR state = 'queued'),
    CONSTRAINT mails_sent_with_instant_and_id CHECK (
        num_nonnulls(sent_at, provider_id) = CASE WHEN state = 'sent' THEN 2 ELSE 0 END),
    CONSTRAINT mails_failure_with_code CHECK ((state = 'failed') = (failure IS NOT NULL))
);
COMMENT ON COLUMN kernel.mails.key IS 'what makes two requests of one module the same mail';
COMMENT ON COLUMN kernel.mails.leased_until IS 'until then somebody is sending it';
COMMENT ON CONSTRAINT mails_erased_when_done ON kernel.mails IS
    'a mail is whole until it is sent or refused, and then nothing of it is kept';
COMMENT ON CONSTRAINT mails_lease_while_queued ON kernel.mails IS 'nobody sends what is done';
COMMENT ON CONSTRAINT mails_sent_with_instant_and_id ON kernel.mails IS
    'what was sent says when, and what the provider calls it';
COMMENT ON CONSTRAINT mails_failure_with_code ON kernel.mails IS 'what failed says why, and nothing else does';

CREATE FUNCTION kernel.refuse_backward_mails() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    IF OLD.state <> 'queued' THEN
        RAISE EXCEPTION 'a mail''s state only moves forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mail_moves_forward';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION kernel.refuse_backward_mails() FROM PUBLIC;
CREATE TRIGGER mails_move_forward BEFORE UPDATE ON kernel.mails
    FOR EACH ROW EXECUTE FUNCTION kernel.refuse_backward_mails();

ALTER TABLE kernel.mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.mails FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON kernel.mails TO migrator USING (true) WITH CHECK (true);
CREATE POLICY module_inserts ON kernel.mails FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
-- Whether a request was the first of its key is told by the id that it returns: that column alone is theirs to read.
CREATE POLICY module_rows ON kernel.mails FOR SELECT TO identity, patients, billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY platform_reads ON kernel.mails FOR SELECT TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY platform_moves ON kernel.mails FOR UPDATE TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT INSERT ON kernel.mails TO identity, patients, billing, platform;
GRANT SELECT (id) ON kernel.mails TO identity, patients, billing;
GRANT SELECT ON kernel.mails TO platform;
GRANT UPDATE (state, leased_until, sent_at, provider_id, failure, updated_at,
              recipient_address, recipient_name, subject, html, plain_text, attachments) ON kernel.mails TO platform;

-- The language that a clinic is written to in.
ALTER TABLE identity.clinics
    ADD COLUMN language text NOT NULL DEFAULT 'pt-BR'
        CONSTRAINT clinics_language_known CHECK (language IN ('pt-BR', 'en'));
GRANT CREATE ON SCHEMA identity TO identity_published;
SET LOCAL ROLE identity_published;
CREATE OR REPLACE VIEW identity.published_clinics AS
    SELECT id, name, time_zone, currency, language
      FROM identity.clinics;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA identity FROM identity_published;

-- Who reads what was sent to an address has the account: by a token of 256 random bits, of which only the hash is kept.
ALTER TABLE identity.accounts ADD COLUMN email_verified_at timestamptz;
CREATE TABLE identity.email_verifications (
    id         uuid        NOT NULL,
    clinic_id  uuid        NOT NULL,
    account_id uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT email_verifications_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT email_verifications_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT email_verifications_token_unique UNIQUE (clinic_id, token_hash),
    CONSTRAINT email_verifications_token_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT email_verifications_account_fkey FOREIGN KEY (account_id) REFERENCES identity.accounts (id),
    CONSTRAINT email_verifications_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES identity.memberships (clinic_id, id)
);
CREATE INDEX email_verifications_account ON identity.email_verifications (account_id);
CREATE INDEX email_verifications_user ON identity.email_verifications (clinic_id, user_id);
ALTER TABLE identity.email_verifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.email_verifications FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON identity.email_verifications TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON identity.email_verifications TO identity
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (used_at, updated_at) ON identity.email_verifications TO identity;
GRANT UPDATE (email_verified_at, updated_at) ON identity.accounts TO identity;
