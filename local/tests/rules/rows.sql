-- A row in every table, of the clinic in whose ids {n} stands; where a module has rows of its own, one of each module.
SET session_replication_role = replica;
CREATE TEMP TABLE said (module text, kind text);
INSERT INTO said
VALUES ('identity', 'clinic.created'), ('patients', 'patient.created'), ('billing', 'transaction.recorded'),
       ('platform', 'webhook_endpoint.created');

INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
VALUES ('{clinic}', 'Clinic {n}', 'UTC', 'BRL', 1, now(), now());
INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
VALUES ('{id}', '{n}@example.com', '{n}@example.com', '$argon2id$none', now(), now());
INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', 'Member {n}', 'owner', 1, now(), now());
INSERT INTO identity.email_verifications
       (id, clinic_id, account_id, user_id, token_hash, expires_at, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', '{id}', decode(repeat('0{n}', 32), 'hex'), now(), now(), now());
INSERT INTO identity.password_reset_requests (id, email_key, created_at, updated_at)
VALUES ('{id}', '{n}@example.com', now(), now());
INSERT INTO identity.password_resets (id, account_id, token_hash, expires_at, created_at, updated_at)
VALUES ('{id}', '{id}', decode(repeat('0{n}', 32), 'hex'), now(), now(), now());
INSERT INTO identity.invitations
       (id, clinic_id, invited_by, name, email, email_key, role, token_hash, expires_at, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', 'Guest {n}', 'guest{n}@example.com', 'guest{n}@example.com', 'clinician',
        decode(repeat('0{n}', 32), 'hex'), now(), now(), now());
INSERT INTO identity.sessions
       (id, clinic_id, user_id, account_id, transport, device_name, device_token_hash, used_at, expires_at, created_at,
        updated_at)
VALUES ('{id}', '{clinic}', '{id}', '{id}', 'body', 'Device {n}', decode(repeat('0{n}', 32), 'hex'), now(), now(), now(),
        now());
INSERT INTO identity.refresh_tokens
       (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
VALUES ('{clinic}', decode(repeat('0{n}', 32), 'hex'), '{id}', 1, now(), now(), now());

INSERT INTO patients.patients (id, clinic_id, full_name, document, document_key, version, created_at, updated_at)
VALUES ('{id}', '{clinic}', 'Patient {n}', '{n}', '{n}', 1, now(), now());
INSERT INTO patients.patient_history (id, clinic_id, patient_id, version, actor_id, state, created_at)
VALUES ('{id}', '{clinic}', '{id}', 1, '{id}', '{}', now());

INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
VALUES ('{clinic}', '{id}', 'BRL', {n}, 1, now(), now());
INSERT INTO billing.transfers
       (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, description, source,
        source_id, reverses_id, seq, balance_after_minor, occurred_on, created_at)
VALUES ('{id}', '{clinic}', '{id}', 'reversal', 'patient', 'cash', {n}, 'BRL', 'pix', 'Session', 'transfer', '{id}', '{id}', 1,
        {n}, now(), now()),
       (uuidv7(), '{clinic}', '{id}', 'payment', 'clearing', 'patient', {n}, 'BRL', 'card', 'Session', 'payment', '{id}', NULL, 2,
        {n}, now(), now());
INSERT INTO billing.payments
       (id, clinic_id, patient_id, provider_account, amount_minor, currency, method, description, payer, card_token,
        provider_payment_id, due_at, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', 'acct_{n}', {n}, 'BRL', 'card', 'Session', '{}', 'pm_{n}', 'pi_{n}', now(), now(), now());
INSERT INTO billing.provider_events (clinic_id, event_id, kind, payment_id, created_at)
VALUES ('{clinic}', 'evt_{n}', 'payment_intent.succeeded', '{id}', now() - interval '61 days');
INSERT INTO billing.refunds
       (id, clinic_id, payment_id, amount_minor, reason, provider_refund_id, due_at, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', {n}, 'Less', 're_{n}', now(), now(), now());
INSERT INTO billing.disputes
       (id, clinic_id, payment_id, provider_dispute_id, amount_minor, reason, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', 'dp_{n}', {n}, 'fraudulent', now(), now());
INSERT INTO billing.receipt_counters (clinic_id, last_number, created_at, updated_at)
VALUES ('{clinic}', 1, now(), now());
INSERT INTO billing.receipts
       (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code, created_at)
VALUES ('{id}', '{clinic}', 1, 'received', '{id}', '{id}', {n}, 'BRL', now(), decode(repeat('0{n}', 16), 'hex'), now());
INSERT INTO billing.ledger_seals
       (clinic_id, number, entries, content_hash, previous_hash, hash, horizon, created_at)
VALUES ('{clinic}', 1, 2, sha256('{n}'), sha256('{n}'), sha256('{n}'), now(), now());
INSERT INTO billing.ledger_seal_parts (clinic_id, patient_id, first_seq, last_seq, seal_number, hash, created_at)
VALUES ('{clinic}', '{id}', 1, 2, 1, sha256('{n}'), now());
INSERT INTO billing.receipt_documents (clinic_id, receipt_id, content, signature, key_id, created_at)
VALUES ('{clinic}', '{id}', '{}', decode(repeat('0{n}', 64), 'hex'), 'k4.pid.' || repeat('A', 44), now());

INSERT INTO kernel.audit_log
       (id, clinic_id, module, actor_id, action, subject, subject_id, request_id, about, created_at)
SELECT uuidv7(), '{clinic}', module, '{id}', kind, 'sample', '{id}', 'r', '{id}', now() FROM said;
INSERT INTO kernel.idempotency_keys
       (clinic_id, module, caller_id, key, fingerprint, expires_at, created_at, updated_at)
SELECT '{clinic}', module, '{id}', 'k', decode(repeat('00', 32), 'hex'), now(), now(), now() FROM said;
INSERT INTO kernel.rate_buckets (bucket, used_until, granted, created_at, updated_at)
VALUES ('sample:{n}', now() - interval '1 day', 1, now(), now());
INSERT INTO kernel.readiness_probes (module, created_at, updated_at)
VALUES ('sample {n}', now(), now());
INSERT INTO kernel.outbox
       (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
SELECT uuidv7(), '{clinic}', module, 'sample', '{id}', 1, kind, '{}', '', now(), now() FROM said;
INSERT INTO kernel.inbox (consumer, event_id, clinic_id, module, created_at, updated_at)
SELECT module, uuidv7(), '{clinic}', module, now(), now() FROM said;
INSERT INTO kernel.dead_letters
       (consumer, event_id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, announced_at, reason,
        created_at, updated_at)
VALUES ('sample', '{id}', '{clinic}', 'sample', '{id}', 1, 'patient.created', '{}', '', now(), 'sample', now(), now());
INSERT INTO kernel.jobs
       (id, clinic_id, module, owner_id, kind, state, done, total, expires_at, created_at, updated_at)
SELECT uuidv7(), '{clinic}', module, '{id}', 'sample', 'queued', 0, 2, now(), now(), now() FROM said;
INSERT INTO kernel.job_parts (clinic_id, job_id, name, module, content, created_at, updated_at)
SELECT clinic_id, id, 'sample', module, '{}', now(), now() FROM kernel.jobs WHERE clinic_id = '{clinic}';
INSERT INTO kernel.mails
       (id, clinic_id, module, key, language, recipient_address, recipient_name, subject, html, plain_text, attachments,
        created_at, updated_at)
SELECT uuidv7(), '{clinic}', module, 'k', 'en', '{n}@example.com', 'Member', 'Subject', '', '', '[]', now(), now()
  FROM said;

INSERT INTO platform.webhook_endpoints (id, clinic_id, url, kinds, slot, created_at, updated_at)
VALUES ('{id}', '{clinic}', 'https://{n}.example/', ARRAY['patient.created'], 1, now(), now());
INSERT INTO platform.webhook_secrets (id, clinic_id, endpoint_id, secret, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', decode(repeat('00', 32), 'hex'), now(), now());
INSERT INTO platform.webhook_deliveries
       (id, clinic_id, endpoint_id, event_id, kind, ids, occurred_at, state, due_at, created_at, updated_at)
VALUES ('{id}', '{clinic}', '{id}', '{id}', 'patient.created', '{}', now(), 'waiting', now(), now(), now());
