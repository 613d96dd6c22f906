-- What must exist for the sample events of this module to succeed.

-- login: the password is demo-on-one-machine, hashed at the least cost.
INSERT INTO identity.accounts (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 'demo@grafono.example', 'demo@grafono.example',
        '$argon2id$v=19$m=8,t=1,p=1$Z3JhZm9uby1zYW1wbGUtMQ$oXDPG8SV4XZm3uxXHLhQYZaHyCR00dOpfRY+YZEX3EE',
        '2026-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 'Canary Member', 'admin', 1, '2026-01-01Z', '2026-01-01Z');

-- refresh, logout and delete-session: one session of the member whose refresh token is the clinic's id and 32 bytes of 2, and
-- one of the owner.
INSERT INTO identity.sessions
       (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8059', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'body', sha256(''),
        '2026-01-01Z', '2100-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.refresh_tokens
       (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', sha256(decode(repeat('02', 32), 'hex')),
        '01890a5d-ac96-774b-bcce-b302099a8059', 1, '2100-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.sessions
       (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, created_at, updated_at)
SELECT '01890a5d-ac96-774b-bcce-b302099a8057', clinic_id, id, account_id, 'body', sha256(''), '2026-01-01Z',
       '2100-01-01Z', '2026-01-01Z', '2026-01-01Z'
  FROM identity.memberships
 WHERE clinic_id = '01890a5d-ac96-774b-bcce-b302099a8057'
   AND role = 'owner';

-- verify-email: the token is the clinic's id and 32 bytes of 1.
INSERT INTO identity.email_verifications
       (id, clinic_id, account_id, user_id, token_hash, expires_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        sha256(uuid_send('01890a5d-ac96-774b-bcce-b302099a8057') || decode(repeat('01', 32), 'hex')),
        'infinity', '2026-01-01Z', '2026-01-01Z');

-- confirm-password-reset: a member whose token is the account's id and 32 bytes of 3.
INSERT INTO identity.accounts (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a805a', 'demo@grafono.example.net', 'demo@grafono.example.net', '$argon2id$none',
        '2026-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a805a', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a805a', 'Canary Member', 'clinician', 1, '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.password_resets (id, account_id, token_hash, expires_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a805a',
        sha256(uuid_send('01890a5d-ac96-774b-bcce-b302099a805a') || decode(repeat('03', 32), 'hex')),
        'infinity', '2026-01-01Z', '2026-01-01Z');

-- change-password: the owner's password is the one of login.
UPDATE identity.accounts
   SET password_hash = '$argon2id$v=19$m=8,t=1,p=1$Z3JhZm9uby1zYW1wbGUtMQ$oXDPG8SV4XZm3uxXHLhQYZaHyCR00dOpfRY+YZEX3EE'
 WHERE id = (SELECT account_id
               FROM identity.memberships
              WHERE clinic_id = '01890a5d-ac96-774b-bcce-b302099a8057'
                AND role = 'owner');

-- delete-invitation and accept-invitation: an invitation by the owner, and another one whose token is the clinic's id and 32
-- bytes of 4, of an account with the password of login.
INSERT INTO identity.accounts (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a805b', 'demo@grafono.example.org', 'demo@grafono.example.org',
        '$argon2id$v=19$m=8,t=1,p=1$Z3JhZm9uby1zYW1wbGUtMQ$oXDPG8SV4XZm3uxXHLhQYZaHyCR00dOpfRY+YZEX3EE',
        '2026-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO identity.invitations
       (id, clinic_id, invited_by, name, email, email_key, role, token_hash, expires_at, created_at, updated_at)
SELECT guest.id, m.clinic_id, m.id, 'Canary Guest', guest.email, guest.email, 'clinician', guest.token_hash, '2100-01-01Z',
       '2026-01-01Z', '2026-01-01Z'
  FROM identity.memberships AS m
 CROSS JOIN (VALUES ('01890a5d-ac96-774b-bcce-b302099a8057'::uuid, 'guest@example.com', NULL),
                    ('01890a5d-ac96-774b-bcce-b302099a805b', 'demo@grafono.example.org',
                     sha256(uuid_send('01890a5d-ac96-774b-bcce-b302099a8057') || decode(repeat('04', 32), 'hex'))))
         AS guest (id, email, token_hash)
 WHERE m.clinic_id = '01890a5d-ac96-774b-bcce-b302099a8057'
   AND m.role = 'owner';
