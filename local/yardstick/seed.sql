-- What a run works on, as a superuser on a migrated, empty database `grafono`: ten clinics, 100 000 patients spread
-- over the last 28 hours, the member whose token `mint` makes, and the passwords of the modules' roles.
-- Needs PostgreSQL 18 for uuidv7().
\set ON_ERROR_STOP on
BEGIN;

INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, 'Clinic ' || number,
       'America/Sao_Paulo', 'BRL', 1, now(), now()
  FROM generate_series(1, 10) AS number;

INSERT INTO identity.accounts (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
VALUES ('00000000-0000-7000-9000-00000000000a', 'owner@example.test', 'owner@example.test', '$argon2id$none',
        now(), now(), now());

INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
VALUES ('00000000-0000-7000-a000-00000000000a', '00000000-0000-7000-8000-000000000001',
        '00000000-0000-7000-9000-00000000000a', 'Owner', 'owner', 1, now(), now());

INSERT INTO identity.sessions
       (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, created_at, updated_at)
VALUES ('00000000-0000-7000-b000-00000000000a', '00000000-0000-7000-8000-000000000001',
        '00000000-0000-7000-a000-00000000000a', '00000000-0000-7000-9000-00000000000a', 'body', sha256(''), now(),
        'infinity', now(), now());

INSERT INTO patients.patients (id, clinic_id, full_name, phone, email, notes, version, created_at, updated_at)
SELECT uuidv7(), ('00000000-0000-7000-8000-' || lpad(to_hex(number % 10 + 1), 12, '0'))::uuid,
       'Patient ' || number, '+20' || 1000000000 + number, 'p' || number || '@example.test', repeat('n', 100), 1,
       now() - number * interval '1 second', now()
  FROM generate_series(1, 100000) AS number;

ALTER ROLE billing PASSWORD 'yard';
ALTER ROLE patients PASSWORD 'yard';
COMMIT;

VACUUM ANALYZE;
