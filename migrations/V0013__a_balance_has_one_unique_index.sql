-- A balance is upserted, so its key is the only unique index it may have. INSERT … ON CONFLICT (clinic_id, patient_id)
-- gives way on the index named there and on no other: of two first transactions of a patient at once, the second could
-- meet balances_currency_unique instead, and failed. That index was there for transfers to refer to. They refer now to
-- what is unique anyway: to their clinic for the currency, which is that of all its balances, and to the balance's key.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- In the order in which a transaction comes to them: otherwise each could wait for the other.
LOCK TABLE billing.balances, billing.transfers IN ACCESS EXCLUSIVE MODE;

-- Every row that is there keeps the new constraints, because it kept the old one, and they are few where this runs (for a
-- million, writing stands still for 1.3 s).
-- transfers_balance_fkey still says that a transfer is in the currency of its balance, and keeps its name: functions that
-- are running know the refusal by it.
ALTER TABLE billing.transfers
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT transfers_balance_fkey,
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD CONSTRAINT transfers_balance_fkey FOREIGN KEY (clinic_id, currency) REFERENCES identity.clinics (id, currency),
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD CONSTRAINT transfers_patient_fkey FOREIGN KEY (clinic_id, patient_id)
        REFERENCES billing.balances (clinic_id, patient_id);
COMMENT ON CONSTRAINT transfers_balance_fkey ON billing.transfers IS
    'a transfer is in the currency of its balance: both are in their clinic''s';
COMMENT ON CONSTRAINT transfers_patient_fkey ON billing.transfers IS 'a patient with a transfer has a balance';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX transfers_currency ON billing.transfers (clinic_id, currency);

-- Nothing refers to it any more, and no statement names it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE billing.balances DROP CONSTRAINT balances_currency_unique;
COMMENT ON CONSTRAINT balances_pkey ON billing.balances IS
    'the only unique index: a row is upserted by it, and would fail on another one';
