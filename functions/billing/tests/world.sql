-- What must exist for the sample events of this module to succeed, beside the patient of patients.

INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'BRL', 15500, 2,
        '2026-01-01Z', '2026-01-01Z');
INSERT INTO billing.transfers
       (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, source, source_id,
        seq, balance_after_minor, occurred_on, created_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 'income', 'cash', 'patient', 500, 'BRL', 'cash', NULL, NULL, 1, 500,
        '2026-01-01', '2026-01-01Z'),
       ('01890a5d-ac96-774b-bcce-b302099a805a', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 'payment', 'clearing', 'patient', 15000, 'BRL', 'card',
        'payment', '01890a5d-ac96-774b-bcce-b302099a805a', 2, 15500,
        '2026-01-01', '2026-01-01Z');
INSERT INTO billing.receipt_counters (clinic_id, last_number, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 1, '2026-01-01Z', '2026-01-01Z');
INSERT INTO billing.receipts
       (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code, created_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 1, 'received',
        '01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 500, 'BRL', '2026-01-01',
        '\x0102030405060708090a0b0c0d0e0f10', '2026-01-01Z');

-- One that was given up and may be cancelled again, one that a person is to resolve, one of which the provider tells.
INSERT INTO billing.payments
       (id, clinic_id, patient_id, amount_minor, currency, method, description, status, provider_payment_id, failure_code,
        review, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 15000, 'BRL', 'card', 'A session', 'failed', NULL, 'NOT_CHARGED', NULL,
        '2026-01-01Z', '2026-01-01Z'),
       ('01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 15000, 'BRL', 'card', NULL, 'pending', 'pi_3MtwBwLkdIwHu7ix28a3tqPa', NULL, 'too_old',
        '2026-01-01Z', '2026-01-01Z'),
       ('01890a5d-ac96-774b-bcce-b302099a8059', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 15000, 'BRL', 'card', NULL, 'failed', NULL, 'NOT_CHARGED', NULL,
        '2026-01-01Z', '2026-01-01Z');

-- One that was taken, and of which nothing was given back so far.
INSERT INTO billing.payments
       (id, clinic_id, patient_id, amount_minor, currency, method, status, provider_payment_id, transaction_id, settled_at,
        created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a805a', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 15000, 'BRL', 'card', 'succeeded', 'pi_sample',
        '01890a5d-ac96-774b-bcce-b302099a805a', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z');
INSERT INTO billing.refunds
       (id, clinic_id, payment_id, amount_minor, reason, status, failure_code, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a805b', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a805a', 15000, 'A session less', 'failed', 'charge_disputed', '2026-01-01Z',
        '2026-01-01Z');
