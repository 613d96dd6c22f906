//! Tables as full as in production: 2 000 clinics, 100 000 patients, a million transfers. One clinic has half of all.

use testkit::TestDatabase;
use uuid::Uuid;

const SQL: &str = "
SET session_replication_role = replica;
CREATE TEMP TABLE seed_clinics AS
SELECT number, CASE number WHEN 1 THEN uuid '{large}' WHEN 77 THEN uuid '{small}' ELSE uuidv7() END AS id
  FROM generate_series(1, 2000) AS number;
CREATE TEMP TABLE seed_accounts AS SELECT number, uuidv7() AS id FROM generate_series(1, 20000) AS number;
INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
SELECT id, 'Clinic ' || number, 'UTC', 'BRL', 1, now(), now() FROM seed_clinics
    ON CONFLICT (id) DO NOTHING;
INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
SELECT id, number || '@example.com', number || '@example.com', '$argon2id$none', now(), now() FROM seed_accounts;
INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
SELECT uuidv7(), c.id, a.id, 'Member ' || a.number, 'owner', 1, now(), now()
  FROM seed_accounts AS a JOIN seed_clinics AS c ON c.number = 1 + a.number % 2000;
INSERT INTO patients.patients (id, clinic_id, full_name, document, document_key, version, created_at, updated_at)
SELECT uuidv7(), c.id, 'Patient ' || p, p::text, p::text, 1, now() - p * interval '1 minute', now()
  FROM generate_series(1, 100000) AS p
  JOIN seed_clinics AS c ON c.number = CASE WHEN p % 2 = 0 THEN 1 ELSE 1 + (p / 2) % 2000 END;
INSERT INTO patients.patient_history (id, clinic_id, patient_id, version, actor_id, state, created_at)
SELECT uuidv7(), clinic_id, id, 1, id, '{}', now() FROM patients.patients WHERE document_key::int <= 40000;
INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
SELECT clinic_id, id, 'BRL', 10, 11, now(), now() FROM patients.patients WHERE document IS NOT NULL;
INSERT INTO billing.transfers
       (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, seq,
        balance_after_minor, occurred_on, created_at)
SELECT uuidv7(), clinic_id, id, 'income', 'cash', 'patient', 1, 'BRL', 'pix', seq, seq, now(),
       now() - (11 - seq) * interval '1 minute'
  FROM patients.patients, generate_series(1, 10) AS seq
 WHERE document IS NOT NULL;
INSERT INTO billing.payments
       (id, clinic_id, patient_id, amount_minor, currency, method, status, card_token, provider_payment_id, failure_code,
        transaction_id, settled_at, due_at, created_at, updated_at)
SELECT id, clinic_id, id, 100, 'BRL', 'card', status, CASE status WHEN 'pending' THEN 'pm_card' END,
       CASE status WHEN 'succeeded' THEN 'pi_' || key END, CASE status WHEN 'failed' THEN 'NOT_CHARGED' END,
       CASE status WHEN 'succeeded' THEN id END, CASE status WHEN 'succeeded' THEN now() END,
       CASE status WHEN 'pending' THEN now() + (key % 7 - 1) * interval '1 minute' END, now() - key * interval '1 minute', now()
  FROM (SELECT id, clinic_id, document_key::int AS key,
               CASE document_key::int % 100 WHEN 0 THEN 'pending' WHEN 1 THEN 'failed' ELSE 'succeeded' END AS status
          FROM patients.patients WHERE document IS NOT NULL) AS p;
INSERT INTO billing.receipts
       (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code, created_at)
SELECT uuidv7(), clinic_id, 1 + row_number() OVER (PARTITION BY clinic_id), 'received', transaction_id, patient_id, 100, 'BRL', now(),
       uuid_send(transaction_id), now()
  FROM billing.payments WHERE status = 'succeeded';
INSERT INTO billing.receipt_documents (clinic_id, receipt_id, content, signature, key_id, created_at)
SELECT clinic_id, id, '{}', decode(repeat('00', 64), 'hex'), 'k4.pid.' || repeat('A', 44), now() FROM billing.receipts
 WHERE id NOT IN ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5e-ac96-774b-bcce-b302099a8057');
INSERT INTO billing.receipt_counters (clinic_id, last_number, created_at, updated_at)
SELECT clinic_id, max(number), now(), now() FROM billing.receipts GROUP BY 1
    ON CONFLICT (clinic_id) DO UPDATE SET last_number = EXCLUDED.last_number;
INSERT INTO billing.ledger_seals (clinic_id, number, entries, content_hash, previous_hash, hash, horizon, created_at)
SELECT id, seal, 10, sha256(''), sha256(''), sha256(''), now() - interval '1 hour 10 minutes', now() - interval '10 minutes'
  FROM seed_clinics, generate_series(1, 100) AS seal WHERE number % 4 > 0;
INSERT INTO billing.ledger_seal_parts (clinic_id, patient_id, first_seq, last_seq, seal_number, hash, created_at)
SELECT p.clinic_id, p.id, 2 * half - 1, 2 * half, 2 * p.document_key::int + half, sha256(''), now()
  FROM patients.patients AS p JOIN seed_clinics AS c ON c.id = p.clinic_id, generate_series(1, 2) AS half
 WHERE c.number % 4 > 0 AND p.document IS NOT NULL;
INSERT INTO billing.provider_events (clinic_id, event_id, kind, payment_id, created_at)
SELECT clinic_id, 'evt_' || provider_payment_id, 'payment_intent.succeeded', id, created_at
  FROM billing.payments WHERE status = 'succeeded';
INSERT INTO billing.refunds
       (id, clinic_id, payment_id, amount_minor, status, provider_refund_id, failure_code, transaction_id, due_at, created_at,
        updated_at)
SELECT uuidv7(), clinic_id, id, 1, status, CASE status WHEN 'succeeded' THEN 're_' || key END,
       CASE status WHEN 'failed' THEN 'unknown' END, CASE status WHEN 'succeeded' THEN id END,
       CASE status WHEN 'pending' THEN now() + (key % 7 - 1) * interval '1 minute' END, now() - key * interval '1 minute', now()
  FROM (SELECT p.id, p.clinic_id, r.document_key::int AS key,
               CASE r.document_key::int % 400 WHEN 2 THEN 'pending' WHEN 3 THEN 'failed' ELSE 'succeeded' END AS status
          FROM billing.payments AS p JOIN patients.patients AS r ON r.id = p.id
         WHERE p.status = 'succeeded' AND r.document_key::int % 4 > 1) AS refunded;
INSERT INTO billing.disputes
       (id, clinic_id, payment_id, provider_dispute_id, amount_minor, reason, status, transaction_id, created_at, updated_at)
SELECT uuidv7(), clinic_id, id, 'dp_' || provider_payment_id, 100, 'fraudulent', 'lost', transaction_id, created_at, now()
  FROM billing.payments WHERE status = 'succeeded' AND right(provider_payment_id, 1) = '7';
INSERT INTO kernel.idempotency_keys
       (clinic_id, module, caller_id, key, fingerprint, reply, expires_at, created_at, updated_at)
SELECT c.id, 'billing', c.id, k::text, decode(repeat('00', 32), 'hex'), '{}', now() - (k % 2 - 0.5) * interval '1 day',
       now(), now()
  FROM generate_series(1, 50000) AS k JOIN seed_clinics AS c ON c.number = 1 + k % 2000;
INSERT INTO kernel.rate_buckets (bucket, used_until, granted, created_at, updated_at)
SELECT 'user:' || k, now() - (k % 20 - 10) * interval '1 hour', 1, now(), now() FROM generate_series(1, 20000) AS k;
INSERT INTO kernel.outbox
       (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at, sent_at)
SELECT uuidv7(), clinic_id, 'patients', 'sample', id, seq, kind, '{}', '', now(), now(),
       CASE WHEN seq < 5 OR document_key::int / 2000 % 10 > 0 THEN now() - document_key::int % 60 * interval '1 day' END
  FROM patients.patients, generate_series(1, 5) AS seq,
       unnest(CASE WHEN seq = 1 THEN ARRAY['sample.created'] ELSE ARRAY['sample.updated', 'sample.other'] END) AS kind
 WHERE document_key::int <= 40000;
INSERT INTO kernel.inbox (consumer, event_id, clinic_id, module, created_at, updated_at)
SELECT 'sample', id, clinic_id, 'patients', sent_at, sent_at FROM kernel.outbox WHERE seq < 5;
INSERT INTO kernel.dead_letters
       (consumer, event_id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, announced_at, reason,
        replay_at, created_at, updated_at)
SELECT 'sample', id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, 'sample',
       CASE WHEN row_number() OVER () <= 10 THEN now() - interval '1 hour' END, now(), now()
  FROM kernel.outbox WHERE seq = 3 AND kind = 'sample.updated' LIMIT 5000;
INSERT INTO kernel.jobs
       (id, clinic_id, module, owner_id, kind, state, done, total, finished_at, expires_at, created_at, updated_at)
SELECT uuidv7(), c.id, 'patients', m.id, 'sample.export', state, CASE state WHEN 'succeeded' THEN 2 ELSE 0 END, 2,
       CASE WHEN state <> 'queued' THEN now() END, now() + interval '1 day', now(), now()
  FROM seed_clinics AS c JOIN identity.memberships AS m ON m.clinic_id = c.id,
       unnest(ARRAY['queued', 'succeeded', 'cancelled']) AS state;
INSERT INTO kernel.jobs
       (id, clinic_id, module, owner_id, kind, state, done, total, finished_at, expires_at, created_at, updated_at)
SELECT uuidv7(), clinic_id, module, owner_id, kind, state, done, total, finished_at, now() - interval '1 hour', now(), now()
  FROM kernel.jobs WHERE state = 'succeeded';
INSERT INTO kernel.job_parts (clinic_id, job_id, name, module, content, created_at, updated_at)
SELECT clinic_id, id, part, 'patients', '{}', now(), now()
  FROM kernel.jobs, unnest(ARRAY['one', 'two']) AS part WHERE state = 'succeeded';
INSERT INTO platform.webhook_endpoints (id, clinic_id, url, kinds, slot, created_at, updated_at)
SELECT uuidv7(), c.id, 'https://' || slot || '.' || c.number || '.example/', ARRAY['patient.created'], slot, now(), now()
  FROM seed_clinics AS c, generate_series(1, 10) AS slot;
INSERT INTO platform.webhook_secrets (id, clinic_id, endpoint_id, secret, expires_at, created_at, updated_at)
SELECT uuidv7(), clinic_id, id, decode(repeat('00', 32), 'hex'), CASE WHEN old THEN now() + interval '1 day' END, now(), now()
  FROM platform.webhook_endpoints, unnest(ARRAY[true, false]) AS old WHERE old OR slot < 10;
INSERT INTO platform.webhook_deliveries
       (id, clinic_id, endpoint_id, event_id, kind, ids, occurred_at, state, due_at, finished_at, created_at, updated_at)
SELECT uuidv7(), clinic_id, id, uuidv7(), 'patient.created', '{}', now(),
       CASE WHEN number > 9 AND slot = 1 THEN 'waiting' ELSE 'delivered' END, now() - interval '1 hour',
       CASE WHEN number > 9 AND slot = 1 THEN NULL ELSE now() END, now(), now()
  FROM platform.webhook_endpoints, generate_series(1, 12) AS number;
INSERT INTO kernel.mails
       (id, clinic_id, module, key, language, recipient_address, subject, html, plain_text, attachments, created_at,
        updated_at)
SELECT uuidv7(), c.id, 'identity', k::text, 'en', 'sample@example.com', 'sample', '', '', '[]', now(), now()
  FROM generate_series(1, 40000) AS k
  JOIN seed_clinics AS c ON c.number = CASE WHEN k % 2 = 0 THEN 1 ELSE 1 + (k / 2) % 2000 END;
INSERT INTO kernel.mails
       (id, clinic_id, module, key, language, state, sent_at, provider_id, created_at, updated_at)
SELECT uuidv7(), clinic_id, module, 'sent ' || key, language, 'sent', now(), 'sample', now(),
       now() - key::int % 180 * interval '1 day'
  FROM kernel.mails
 WHERE state = 'queued';
INSERT INTO identity.email_verifications
       (id, clinic_id, account_id, user_id, token_hash, expires_at, created_at, updated_at)
SELECT uuidv7(), clinic_id, account_id, id,
       CASE row_number() OVER (PARTITION BY clinic_id)
            WHEN 1 THEN decode(repeat('00', 32), 'hex') ELSE sha256(uuid_send(id)) END,
       now() + CASE row_number() OVER (PARTITION BY clinic_id) % 3
                    WHEN 2 THEN interval '-40 days' ELSE interval '1 day' END, now(), now()
  FROM identity.memberships;
INSERT INTO identity.password_reset_requests (id, email_key, created_at, updated_at)
SELECT uuidv7(), k || '@example.com', now() - CASE k % 3 WHEN 2 THEN interval '2 days' ELSE interval '0' END, now()
  FROM generate_series(1, 20000) AS k;
INSERT INTO identity.password_resets (id, account_id, token_hash, expires_at, created_at, updated_at)
SELECT uuidv7(), id, sha256(uuid_send(uuidv7())),
       now() + CASE age WHEN 1 THEN interval '30 minutes' ELSE interval '-2 days' END, now(), now()
  FROM identity.accounts, generate_series(1, 3) AS age;
INSERT INTO identity.invitations
       (id, clinic_id, invited_by, name, email, email_key, role, token_hash, expires_at, ended_at, end_reason, created_at,
        updated_at)
SELECT uuidv7(), clinic_id, id, 'Guest', k || '-' || id || '@example.com', k || '-' || id || '@example.com', 'clinician',
       sha256(uuid_send(uuidv7())), now() + CASE k WHEN 1 THEN interval '7 days' ELSE interval '-40 days' END,
       CASE k WHEN 3 THEN now() - interval '40 days' END, CASE k WHEN 3 THEN 'accepted' END, now(), now()
  FROM identity.memberships, generate_series(1, 3) AS k;
INSERT INTO identity.sessions
       (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, ended_at, end_reason,
        created_at, updated_at)
SELECT uuidv7(), clinic_id, id, account_id, 'body', sha256(''), now(),
       now() + CASE age WHEN 1 THEN interval '20 days' ELSE interval '-40 days' END,
       CASE age WHEN 3 THEN now() - interval '40 days' END, CASE age WHEN 3 THEN 'logout' END, now(), now()
  FROM identity.memberships, generate_series(1, 3) AS age;
INSERT INTO identity.refresh_tokens
       (clinic_id, token_hash, session_id, generation, consumed_at, successor_nonce, expires_at, created_at, updated_at)
SELECT clinic_id, sha256(uuid_send(uuidv7())), id, generation,
       CASE WHEN generation < 4 THEN now() END, CASE WHEN generation < 4 THEN sha256('') END,
       expires_at, now(), now()
  FROM identity.sessions AS s, generate_series(1, 4) AS generation
 WHERE NOT EXISTS (SELECT 1 FROM identity.refresh_tokens AS t WHERE t.session_id = s.id);
INSERT INTO kernel.audit_log
       (id, clinic_id, module, actor_id, action, subject, subject_id, about, request_id, created_at)
SELECT uuidv7(), p.clinic_id, 'patients', m.id, 'patient.read', 'patient', p.id, p.id, 'sample',
       now() - p.document_key::int * interval '20 seconds'
  FROM patients.patients AS p
  JOIN (SELECT DISTINCT ON (clinic_id) clinic_id, id FROM identity.memberships ORDER BY clinic_id, created_at DESC, id) AS m
    ON m.clinic_id = p.clinic_id
 WHERE p.document IS NOT NULL;
SET session_replication_role = origin;";

/// Fills the database. Clinic 1 has half of everything, clinic 77 little; they have these ids.
pub(crate) async fn fill(database: &TestDatabase, large: Uuid, small: Uuid) {
    database.run(&SQL.replace("{large}", &large.to_string()).replace("{small}", &small.to_string())).await;
}

/// Has the planner know how full the tables are.
pub(crate) async fn analyze(database: &TestDatabase) {
    database.run("VACUUM ANALYZE").await;
}
