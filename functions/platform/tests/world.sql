-- What must exist for the sample events of this module to succeed.

INSERT INTO platform.webhook_endpoints (id, clinic_id, url, kinds, slot, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'https://sample.example/',
        ARRAY['patient.created'], 20, '2026-01-01Z', '2026-01-01Z');

-- One job that has succeeded, and one to be called off; both are the owner's.
INSERT INTO kernel.jobs
       (id, clinic_id, module, owner_id, kind, state, done, total, about, finished_at, expires_at, created_at,
        updated_at)
SELECT job.id, clinic_id, 'patients', m.id, 'sample.export', state, done, 1, '01890a5d-ac96-774b-bcce-b302099a8059',
       finished_at, '2100-01-01Z', '2026-01-01Z', '2026-01-01Z'
  FROM identity.memberships AS m,
       (VALUES ('01890a5d-ac96-774b-bcce-b302099a8057'::uuid, 'succeeded', 1, '2026-01-01Z'::timestamptz),
               ('01890a5d-ac96-774b-bcce-b302099a8058', 'running', 0, NULL)) AS job (id, state, done, finished_at)
 WHERE clinic_id = '01890a5d-ac96-774b-bcce-b302099a8057'
   AND role = 'owner';

-- record-sendgrid-events: a mail that was sent.
INSERT INTO kernel.mails
       (id, clinic_id, module, key, language, state, sent_at, provider_id, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'identity', 'sample', 'en',
        'sent', '2026-01-01Z', 'sample', '2026-01-01Z', '2026-01-01Z');

-- list-audit-log: a read of a patient by the owner, and a sign-in by somebody who did not have the password.
INSERT INTO kernel.audit_log
       (id, clinic_id, module, actor_id, action, subject, subject_id, about, client_address, request_id, created_at)
SELECT uuid '01890a5d-ac96-774b-bcce-b302099a8057', clinic_id, 'patients', m.id, 'patient.read', 'patient',
       uuid '01890a5d-ac96-774b-bcce-b302099a8057', uuid '01890a5d-ac96-774b-bcce-b302099a8057', NULL::inet, 'sample',
       now() - interval '2 days'
  FROM identity.memberships AS m
 WHERE clinic_id = '01890a5d-ac96-774b-bcce-b302099a8057'
   AND role = 'owner'
 UNION ALL
SELECT '01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8057', 'identity',
       '00000000-0000-0000-0000-000000000000', 'session.refused', 'account', '01890a5d-ac96-774b-bcce-b302099a8057', NULL,
       '192.0.2.1', 'sample', now() - interval '1 day';
