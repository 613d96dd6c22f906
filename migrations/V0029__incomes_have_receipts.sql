-- What is recorded by hand says who paid. That an income has a receipt, and that what is charged for is charged once, takes
-- no new table: receipts and the index of sources are there since payments are.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- The table is small where this runs, and every row that is there keeps the new constraints: no payer was written, and each day
-- was that of its recording.
ALTER TABLE billing.transfers
    ADD COLUMN payer jsonb,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_payer_is_object CHECK (jsonb_typeof(payer) = 'object'),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_payer_of_income CHECK (payer IS NULL OR kind = 'income'),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_occurred_on_after_1900 CHECK (occurred_on >= DATE '1900-01-01');
COMMENT ON COLUMN billing.transfers.payer IS
    'who paid an income, where it is said: name, document, email. Tax law keeps it';
COMMENT ON CONSTRAINT transfers_payer_of_income ON billing.transfers IS
    'whoever pays in another way is named where that is: a payment has its own';
COMMENT ON COLUMN billing.transfers.occurred_on IS
    'the day in the clinic''s zone: that of the recording, or one before it that was said; decided once, so that a day''s takings never move';
