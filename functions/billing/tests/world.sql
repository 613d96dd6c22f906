-- What must exist for the sample events of this module to succeed, beside the patient of patients.

INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'BRL', 500, 1,
        '2026-01-01Z', '2026-01-01Z');
INSERT INTO billing.transfers
       (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, seq,
        balance_after_minor, created_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057',
        '01890a5d-ac96-774b-bcce-b302099a8057', 'income', 'cash', 'patient', 500, 'BRL', 'cash', 1, 500,
        '2026-01-01Z');
