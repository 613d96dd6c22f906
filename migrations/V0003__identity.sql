-- identity: clinics, accounts (an address and a password hash, no tenant data) and memberships.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO identity, identity_published, patients, billing, platform;

CREATE TABLE identity.clinics (
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    time_zone  text        NOT NULL,
    currency   text        NOT NULL,
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT clinics_pkey PRIMARY KEY (id),
    CONSTRAINT clinics_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT clinics_name_length CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT clinics_currency_iso4217 CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT clinics_version_positive CHECK (version > 0),
    CONSTRAINT clinics_id_currency_unique UNIQUE (id, currency)
);
COMMENT ON CONSTRAINT clinics_id_currency_unique ON identity.clinics IS
    'lets a foreign key (clinic_id, currency) refuse money in another currency';

CREATE TABLE identity.accounts (
    id            uuid        NOT NULL,
    email         text        NOT NULL,
    email_key     text        NOT NULL,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT accounts_email_unique UNIQUE (email_key),
    CONSTRAINT accounts_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT accounts_password_argon2id CHECK (password_hash LIKE '$argon2id$%')
);
COMMENT ON COLUMN identity.accounts.email_key IS 'the address in lower case: what makes two addresses one account';

CREATE TABLE identity.memberships (
    id          uuid        NOT NULL,
    clinic_id   uuid        NOT NULL,
    account_id  uuid        NOT NULL,
    name        text        NOT NULL,
    role        text        NOT NULL,
    disabled_at timestamptz,
    version     bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT memberships_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT memberships_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT memberships_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES identity.clinics (id),
    CONSTRAINT memberships_account_fkey FOREIGN KEY (account_id) REFERENCES identity.accounts (id),
    CONSTRAINT memberships_account_unique UNIQUE (account_id, clinic_id),
    CONSTRAINT memberships_role_known CHECK (role IN ('owner', 'admin', 'clinician', 'front_desk', 'accountant')),
    CONSTRAINT memberships_name_length CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT memberships_version_positive CHECK (version > 0)
);

ALTER TABLE identity.clinics ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.clinics FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.memberships FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON identity.clinics TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON identity.memberships TO migrator USING (true) WITH CHECK (true);

CREATE POLICY own_clinic ON identity.clinics TO identity, identity_published
    USING (id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON identity.memberships TO identity
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

-- Log-in, after the password matched: an account sees its own memberships and the clinics they lead to.
CREATE POLICY own_account ON identity.memberships FOR SELECT TO identity
    USING (account_id = NULLIF(current_setting('app.account_id', true), '')::uuid);
CREATE POLICY own_account ON identity.clinics FOR SELECT TO identity
    USING (EXISTS (
        SELECT 1
          FROM identity.memberships AS own
         WHERE own.clinic_id = clinics.id
           AND own.account_id = NULLIF(current_setting('app.account_id', true), '')::uuid));

GRANT SELECT, INSERT ON identity.clinics, identity.accounts, identity.memberships TO identity;

-- What other modules may know of a clinic.
GRANT SELECT ON identity.clinics TO identity_published;
GRANT CREATE ON SCHEMA identity TO identity_published;
CREATE VIEW identity.published_clinics AS
    SELECT id, name, time_zone, currency
      FROM identity.clinics;
ALTER VIEW identity.published_clinics OWNER TO identity_published;
REVOKE CREATE ON SCHEMA identity FROM identity_published;
SET LOCAL ROLE identity_published;
GRANT SELECT ON identity.published_clinics TO patients, billing, platform;
SET LOCAL ROLE migrator;
