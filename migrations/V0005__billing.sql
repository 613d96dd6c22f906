-- billing: the ledger. One row of transfers is one movement from a debit to a credit account,
-- so it sums to zero by its shape. Only patients have balances; they move by atomic increments.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA billing;
GRANT USAGE ON SCHEMA billing TO billing;

CREATE TABLE billing.balances (
    clinic_id     uuid        NOT NULL,
    patient_id    uuid        NOT NULL,
    currency      text        NOT NULL,
    balance_minor bigint      NOT NULL,
    seq           bigint      NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT balances_pkey PRIMARY KEY (clinic_id, patient_id),
    CONSTRAINT balances_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients.patients (clinic_id, id),
    CONSTRAINT balances_currency_fkey FOREIGN KEY (clinic_id, currency) REFERENCES identity.clinics (id, currency),
    CONSTRAINT balances_currency_unique UNIQUE (clinic_id, patient_id, currency),
    CONSTRAINT balances_seq_positive CHECK (seq > 0)
);
COMMENT ON COLUMN billing.balances.balance_minor IS 'minor units; positive when the patient is in credit';
COMMENT ON COLUMN billing.balances.seq IS 'how many transfers have moved this balance';
CREATE INDEX balances_currency ON billing.balances (clinic_id, currency);

CREATE TABLE billing.transfers (
    id                  uuid        NOT NULL,
    clinic_id           uuid        NOT NULL,
    patient_id          uuid        NOT NULL,
    kind                text        NOT NULL,
    debit_account       text        NOT NULL,
    credit_account      text        NOT NULL,
    amount_minor        bigint      NOT NULL,
    currency            text        NOT NULL,
    method              text        NOT NULL,
    description         text,
    seq                 bigint      NOT NULL,
    balance_after_minor bigint      NOT NULL,
    created_at          timestamptz NOT NULL,
    CONSTRAINT transfers_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT transfers_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT transfers_balance_fkey FOREIGN KEY (clinic_id, patient_id, currency)
        REFERENCES billing.balances (clinic_id, patient_id, currency),
    CONSTRAINT transfers_order_unique UNIQUE (clinic_id, patient_id, seq),
    CONSTRAINT transfers_accounts_differ CHECK (debit_account <> credit_account),
    CONSTRAINT transfers_accounts_known CHECK (
        debit_account IN ('patient', 'cash') AND credit_account IN ('patient', 'cash')),
    CONSTRAINT transfers_kind_matches_accounts CHECK (
        (kind = 'income' AND debit_account = 'cash' AND credit_account = 'patient')
        OR (kind = 'expense' AND debit_account = 'patient' AND credit_account = 'cash')),
    CONSTRAINT transfers_amount_bounds CHECK (amount_minor BETWEEN 1 AND 99999999999),
    CONSTRAINT transfers_method_known CHECK (method IN ('cash', 'card', 'pix', 'bank_transfer', 'other')),
    CONSTRAINT transfers_description_length CHECK (char_length(description) BETWEEN 1 AND 500)
);
COMMENT ON TABLE billing.transfers IS 'append-only: a correction is a new transfer';
COMMENT ON CONSTRAINT transfers_accounts_differ ON billing.transfers IS
    'money moves from one account to another, so that a transfer sums to zero by its shape';
COMMENT ON CONSTRAINT transfers_accounts_known ON billing.transfers IS
    'there are no other accounts yet: a new kind of money widens this';
COMMENT ON CONSTRAINT transfers_kind_matches_accounts ON billing.transfers IS
    'the kind is a name for a direction, and the direction decides the sign of the balance';
COMMENT ON CONSTRAINT transfers_balance_fkey ON billing.transfers IS
    'a transfer is in the currency of its balance, and that balance exists';
COMMENT ON CONSTRAINT transfers_order_unique ON billing.transfers IS
    'seq comes from the balance row, so the order of a patient''s transfers is never a clock''s';

ALTER TABLE billing.balances ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.balances FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.transfers ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.transfers FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON billing.balances TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.transfers TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON billing.balances TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.transfers TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE ON billing.balances TO billing;
GRANT SELECT, INSERT ON billing.transfers TO billing;
