-- A payment may wait for its customer, who authenticates a card or pays a Pix.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- No row waits before this, so that each keeps the new constraints. That it waited stays when the outcome is known: functions
-- that are running meanwhile settle a payment without a word of it.
ALTER TABLE billing.payments
    ADD COLUMN waiting_until timestamptz,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT payments_waits_at_the_provider CHECK (waiting_until IS NULL OR provider_payment_id IS NOT NULL),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT payments_pix_has_no_card CHECK (method = 'card' OR card_token IS NULL);
COMMENT ON COLUMN billing.payments.waiting_until IS
    'until when it waits, or waited, for its customer; NULL: it never did, or the provider has not said so';
COMMENT ON CONSTRAINT payments_waits_at_the_provider ON billing.payments IS
    'what waits is asked for by its name at the provider, and never sent again';
COMMENT ON CONSTRAINT payments_pix_has_no_card ON billing.payments IS 'a Pix is paid by whoever sees it';
GRANT UPDATE (waiting_until) ON billing.payments TO billing;
