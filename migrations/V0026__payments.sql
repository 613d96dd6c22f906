-- billing takes cards: what was asked of the payment provider, what became of it, and a number for each receipt.
--
-- What moves a patient's balance is a transfer, as before; there are more kinds of it now, and each says what it is for.
-- A payment moves forward alone: pending, failed, succeeded. Succeeded beats failed: the money was taken, whatever was
-- noted before.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- A clinic may have an account of its own at the provider.
ALTER TABLE identity.clinics
    ADD COLUMN provider_account text,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_provider_account_form CHECK (provider_account ~ '^acct_[A-Za-z0-9]{1,64}$');
COMMENT ON COLUMN identity.clinics.provider_account IS 'NULL: what the clinic takes goes to the account of whoever runs Grafono';
GRANT UPDATE (provider_account) ON identity.clinics TO identity;
GRANT CREATE ON SCHEMA identity TO identity_published;
SET LOCAL ROLE identity_published;
CREATE OR REPLACE VIEW identity.published_clinics AS
    SELECT id, name, time_zone, currency, language, provider_account
      FROM identity.clinics;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA identity FROM identity_published;

-- The table is small where this runs, and every row that is there keeps the new constraints, because it kept the old ones.
ALTER TABLE billing.transfers
    ADD COLUMN source      text,
    ADD COLUMN source_id   uuid,
    ADD COLUMN reverses_id uuid,
    ADD COLUMN occurred_on date,
    -- Functions that are running always say how money moved.
    -- squawk-ignore ban-drop-not-null
    ALTER COLUMN method DROP NOT NULL,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT transfers_accounts_known,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT transfers_kind_matches_accounts,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_kind_matches_accounts CHECK (
        (kind, debit_account, credit_account) IN (
            ('income', 'cash', 'patient'), ('expense', 'patient', 'cash'),
            ('charge', 'patient', 'revenue'),
            ('payment', 'clearing', 'patient'), ('refund', 'patient', 'clearing'), ('refund_returned', 'clearing', 'patient'),
            ('dispute', 'patient', 'clearing'), ('dispute_won', 'clearing', 'patient'),
            ('reversal', 'patient', 'cash'), ('reversal', 'cash', 'patient'), ('reversal', 'revenue', 'patient'))),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_source_by_kind CHECK (
        (kind IN ('income', 'expense') AND source IS NULL)
        OR (kind = 'charge' AND source IN ('external', 'order', 'appointment')) IS TRUE
        OR (kind = 'payment' AND source = 'payment') IS TRUE
        OR (kind IN ('refund', 'refund_returned') AND source = 'refund') IS TRUE
        OR (kind IN ('dispute', 'dispute_won') AND source = 'dispute') IS TRUE
        OR (kind = 'reversal' AND source = 'transfer') IS TRUE),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_source_whole CHECK ((source IS NULL) = (source_id IS NULL)),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_reversal_names_what CHECK ((kind = 'reversal') = (reverses_id IS NOT NULL)),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT transfers_method_where_money_moves CHECK (
        (method IS NOT NULL) = (debit_account IN ('cash', 'clearing') OR credit_account IN ('cash', 'clearing'))),
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD CONSTRAINT transfers_reverses_fkey FOREIGN KEY (clinic_id, reverses_id) REFERENCES billing.transfers (clinic_id, id);
COMMENT ON COLUMN billing.transfers.source IS 'what kind of thing it is for; NULL for money taken or paid by hand';
COMMENT ON COLUMN billing.transfers.source_id IS 'NULL where source is';
COMMENT ON COLUMN billing.transfers.reverses_id IS 'NULL but for a reversal: the transfer that it takes back';
COMMENT ON COLUMN billing.transfers.method IS 'NULL where no money changes hands: a charge, and what takes one back';
COMMENT ON COLUMN billing.transfers.occurred_on IS
    'the day in the clinic''s zone, decided once, so that a day''s takings never move; NULL for a row that a function of the version before wrote meanwhile';
COMMENT ON CONSTRAINT transfers_kind_matches_accounts ON billing.transfers IS
    'the kind is a name for a direction, and the direction decides the sign of the balance';
COMMENT ON CONSTRAINT transfers_source_by_kind ON billing.transfers IS 'a transfer says what it is for, by its kind';
COMMENT ON CONSTRAINT transfers_method_where_money_moves ON billing.transfers IS
    'money that changes hands does so in some way, and a charge in none';
COMMENT ON CONSTRAINT transfers_source_whole ON billing.transfers IS 'a kind of thing without the thing says nothing';
COMMENT ON CONSTRAINT transfers_reversal_names_what ON billing.transfers IS 'a reversal takes one transfer back, and nothing else does';
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX transfers_one_a_source ON billing.transfers (clinic_id, kind, source, source_id) WHERE source IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX transfers_reversed_once ON billing.transfers (clinic_id, reverses_id) WHERE reverses_id IS NOT NULL;
COMMENT ON INDEX billing.transfers_one_a_source IS 'whatever happens twice is booked once';
UPDATE billing.transfers AS t
   SET occurred_on = (t.created_at AT TIME ZONE c.time_zone)::date
  FROM identity.clinics AS c
 WHERE c.id = t.clinic_id
   AND t.occurred_on IS NULL;

CREATE TABLE billing.payments (
    id                  uuid        NOT NULL,
    clinic_id           uuid        NOT NULL,
    patient_id          uuid        NOT NULL,
    order_id            uuid,
    provider_account    text,
    amount_minor        bigint      NOT NULL,
    currency            text        NOT NULL,
    method              text        NOT NULL,
    description         text,
    payer               jsonb,
    status              text        NOT NULL DEFAULT 'pending',
    card_token          text,
    provider_payment_id text,
    failure_code        text,
    decline_code        text,
    refunded_minor      bigint      NOT NULL DEFAULT 0,
    transaction_id      uuid,
    settled_at          timestamptz,
    disputed_at         timestamptz,
    review              text,
    due_at              timestamptz,
    attempts            bigint      NOT NULL DEFAULT 0,
    version             bigint      NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT payments_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT payments_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT payments_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients.patients (clinic_id, id),
    CONSTRAINT payments_currency_fkey FOREIGN KEY (clinic_id, currency) REFERENCES identity.clinics (id, currency),
    CONSTRAINT payments_transaction_fkey FOREIGN KEY (clinic_id, transaction_id) REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT payments_amount_bounds CHECK (amount_minor BETWEEN 1 AND 99999999),
    CONSTRAINT payments_method_known CHECK (method IN ('card', 'pix')),
    CONSTRAINT payments_description_length CHECK (char_length(description) BETWEEN 1 AND 500),
    CONSTRAINT payments_payer_is_object CHECK (jsonb_typeof(payer) = 'object'),
    CONSTRAINT payments_account_form CHECK (provider_account ~ '^acct_[A-Za-z0-9]{1,64}$'),
    CONSTRAINT payments_token_form CHECK (card_token ~ '^(pm|tok)_[A-Za-z0-9_]{1,120}$'),
    CONSTRAINT payments_status_known CHECK (status IN ('pending', 'failed', 'succeeded')),
    CONSTRAINT payments_token_while_pending CHECK (card_token IS NULL OR status = 'pending'),
    CONSTRAINT payments_due_while_pending CHECK (due_at IS NULL OR status = 'pending'),
    CONSTRAINT payments_pending_is_due_or_reviewed CHECK (status <> 'pending' OR (due_at IS NULL) = (review IS NOT NULL)),
    CONSTRAINT payments_review_known CHECK (review IN ('another_amount', 'another_request', 'too_old')),
    CONSTRAINT payments_failed_with_code CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT payments_decline_is_a_failure CHECK (decline_code IS NULL OR failure_code IS NOT DISTINCT FROM 'CARD_DECLINED'),
    CONSTRAINT payments_settled_whole CHECK (
        CASE WHEN status = 'succeeded' THEN num_nonnulls(transaction_id, settled_at, provider_payment_id) = 3
             ELSE num_nonnulls(transaction_id, settled_at) = 0 END),
    CONSTRAINT payments_refunded_within_captured CHECK (
        refunded_minor BETWEEN 0 AND CASE WHEN status = 'succeeded' THEN amount_minor ELSE 0 END),
    CONSTRAINT payments_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT payments_version_positive CHECK (version > 0)
);
COMMENT ON TABLE billing.payments IS 'Attempts to take money through the provider; one that succeeded has its transfer';
COMMENT ON COLUMN billing.payments.order_id IS 'NULL: for no order';
COMMENT ON COLUMN billing.payments.provider_account IS 'the clinic''s when it was asked for, whatever it is now; NULL: the platform''s';
COMMENT ON COLUMN billing.payments.payer IS 'who paid, where it is said: name, document, email. Tax law keeps it';
COMMENT ON COLUMN billing.payments.card_token IS 'the provider''s name for the card; NULL once the outcome is known';
COMMENT ON COLUMN billing.payments.provider_payment_id IS 'NULL until the provider has said it';
COMMENT ON COLUMN billing.payments.due_at IS 'when the sweeper looks at it; NULL once the outcome is known or a person must look';
COMMENT ON COLUMN billing.payments.review IS 'why a person must look at it; NULL: nobody must. It stays when it is resolved';
COMMENT ON COLUMN billing.payments.refunded_minor IS 'minor units, refunds that are under way included';
COMMENT ON CONSTRAINT payments_pending_is_due_or_reviewed ON billing.payments IS
    'whatever is not known will be found out, by the sweeper or by a person';
COMMENT ON CONSTRAINT payments_token_while_pending ON billing.payments IS 'a card is not kept longer than it is needed';
COMMENT ON CONSTRAINT payments_due_while_pending ON billing.payments IS 'what is known is not looked at again';
COMMENT ON CONSTRAINT payments_failed_with_code ON billing.payments IS 'whatever fails says why';
COMMENT ON CONSTRAINT payments_decline_is_a_failure ON billing.payments IS 'a bank''s word is about a card that was declined';
COMMENT ON CONSTRAINT payments_refunded_within_captured ON billing.payments IS 'nobody gets back more than was taken';
COMMENT ON CONSTRAINT payments_settled_whole ON billing.payments IS 'money that was taken is in the ledger, and nothing else is';
CREATE UNIQUE INDEX payments_one_pending ON billing.payments (clinic_id, patient_id)
    WHERE status = 'pending' AND method = 'card' AND review IS NULL;
COMMENT ON INDEX billing.payments_one_pending IS 'a second key is no second charge';
CREATE UNIQUE INDEX payments_provider_once ON billing.payments (clinic_id, provider_payment_id)
    WHERE provider_payment_id IS NOT NULL;
CREATE INDEX payments_transaction ON billing.payments (clinic_id, transaction_id);
CREATE INDEX payments_due ON billing.payments (due_at, clinic_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX payments_newest ON billing.payments (clinic_id, created_at, id);
CREATE INDEX payments_patient ON billing.payments (clinic_id, patient_id, created_at, id);
CREATE INDEX payments_status ON billing.payments (clinic_id, status, created_at, id);
CREATE INDEX payments_currency ON billing.payments (clinic_id, currency);
CREATE INDEX payments_made ON billing.payments (created_at, clinic_id, id);

CREATE FUNCTION billing.refuse_backward_payments() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF array_position(ARRAY['pending', 'failed', 'succeeded'], NEW.status)
       < array_position(ARRAY['pending', 'failed', 'succeeded'], OLD.status)
       OR (OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS DISTINCT FROM OLD.transaction_id)
    THEN
        RAISE EXCEPTION 'a payment only moves forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_moves_forward';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION billing.refuse_backward_payments() FROM PUBLIC;
CREATE TRIGGER payments_move_forward BEFORE UPDATE ON billing.payments
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_backward_payments();

-- What the provider told, once each.
CREATE TABLE billing.provider_events (
    clinic_id  uuid        NOT NULL,
    event_id   text        NOT NULL,
    kind       text        NOT NULL,
    payment_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT provider_events_once PRIMARY KEY (clinic_id, event_id),
    CONSTRAINT provider_events_event_form CHECK (event_id ~ '^evt_[A-Za-z0-9_]{1,120}$'),
    CONSTRAINT provider_events_kind_form CHECK (kind ~ '^[a-z_.]{1,64}$'),
    CONSTRAINT provider_events_payment_fkey FOREIGN KEY (clinic_id, payment_id) REFERENCES billing.payments (clinic_id, id)
);
COMMENT ON TABLE billing.provider_events IS 'Events of the provider that were taken: each counts once. Kept 60 days';
COMMENT ON COLUMN billing.provider_events.payment_id IS 'NULL: of no payment that is known here';
CREATE INDEX provider_events_payment ON billing.provider_events (clinic_id, payment_id);
CREATE INDEX provider_events_age ON billing.provider_events (created_at);

-- Receipts: a number each, without a gap, taken in the transaction that books the money.
CREATE TABLE billing.receipt_counters (
    clinic_id   uuid        NOT NULL,
    last_number bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT receipt_counters_pkey PRIMARY KEY (clinic_id),
    CONSTRAINT receipt_counters_positive CHECK (last_number > 0)
);
CREATE TABLE billing.receipts (
    id             uuid        NOT NULL,
    clinic_id      uuid        NOT NULL,
    number         bigint      NOT NULL,
    kind           text        NOT NULL,
    transaction_id uuid        NOT NULL,
    patient_id     uuid        NOT NULL,
    amount_minor   bigint      NOT NULL,
    currency       text        NOT NULL,
    issued_on      date        NOT NULL,
    code           bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT receipts_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT receipts_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT receipts_number_unique UNIQUE (clinic_id, number),
    CONSTRAINT receipts_one_a_transaction UNIQUE (clinic_id, transaction_id),
    CONSTRAINT receipts_transaction_fkey FOREIGN KEY (clinic_id, transaction_id) REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT receipts_number_positive CHECK (number > 0),
    CONSTRAINT receipts_kind_known CHECK (kind IN ('received', 'refunded')),
    CONSTRAINT receipts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT receipts_code_length CHECK (octet_length(code) = 16)
);
COMMENT ON TABLE billing.receipts IS 'append-only: the numbered papers for money received or given back';
COMMENT ON COLUMN billing.receipts.code IS '16 random bytes, by which anybody who has the paper finds it again';

ALTER TABLE billing.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.payments FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.provider_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.provider_events FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.receipt_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.receipt_counters FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.receipts FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON billing.payments TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.provider_events TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.receipt_counters TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.receipts TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON billing.payments TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.provider_events TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.receipt_counters TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.receipts TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

GRANT SELECT, INSERT ON billing.payments, billing.provider_events, billing.receipt_counters, billing.receipts TO billing;
GRANT UPDATE (status, card_token, provider_payment_id, failure_code, decline_code, transaction_id, settled_at, review, due_at,
              attempts, version, updated_at) ON billing.payments TO billing;
GRANT UPDATE (last_number, updated_at) ON billing.receipt_counters TO billing;

-- The sweeper sees when which payment is due, in all clinics, and nothing else of it. For each it becomes billing, within
-- one clinic: it inherits nothing, so that a statement that errs shows it no more than this.
DO $$
BEGIN
    CREATE ROLE payment_sweeper LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
-- Where another database of the cluster makes the role at this moment, its name is known here once a lock is taken anew.
LOCK TABLE billing.payments IN ROW SHARE MODE;
GRANT billing TO payment_sweeper WITH INHERIT FALSE, SET TRUE;
GRANT USAGE ON SCHEMA billing TO payment_sweeper;
CREATE POLICY sweeper_reads ON billing.payments FOR SELECT TO payment_sweeper USING (due_at IS NOT NULL);
GRANT SELECT (clinic_id, id, due_at) ON billing.payments TO payment_sweeper;
CREATE POLICY sweeper_reads ON billing.provider_events FOR SELECT TO payment_sweeper
    USING (created_at <= now() - interval '60 days');
CREATE POLICY sweeper_locks ON billing.provider_events FOR UPDATE TO payment_sweeper
    USING (created_at <= now() - interval '60 days') WITH CHECK (false);
CREATE POLICY sweeper_deletes ON billing.provider_events FOR DELETE TO payment_sweeper
    USING (created_at <= now() - interval '60 days');
GRANT SELECT (ctid, created_at), UPDATE (created_at), DELETE ON billing.provider_events TO payment_sweeper;

-- Who compares with the provider's list reads amounts and states of all clinics, nothing of people, and changes nothing.
DO $$
BEGIN
    CREATE ROLE payment_reconciler LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
LOCK TABLE billing.receipts IN ROW SHARE MODE;
GRANT USAGE ON SCHEMA billing TO payment_reconciler;
CREATE POLICY reconciler_reads ON billing.payments FOR SELECT TO payment_reconciler USING (true);
GRANT SELECT (clinic_id, id, provider_account, amount_minor, currency, status, provider_payment_id, transaction_id, review,
              created_at) ON billing.payments TO payment_reconciler;
CREATE POLICY reconciler_reads ON billing.transfers FOR SELECT TO payment_reconciler USING (kind = 'payment');
GRANT SELECT (clinic_id, id, kind, source, source_id, amount_minor, currency) ON billing.transfers TO payment_reconciler;

-- Payments and receipts, too, are billing's to speak of.
CREATE OR REPLACE FUNCTION kernel.is_own(of_module text, said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN split_part(said, '.', 1) = ANY (CASE of_module
        WHEN 'identity' THEN ARRAY['clinic', 'account', 'session', 'user', 'invitation']
        WHEN 'patients' THEN ARRAY['patient']
        WHEN 'billing'  THEN ARRAY['ledger', 'transaction', 'payment', 'receipt']
        WHEN 'platform' THEN ARRAY['job', 'job_result', 'webhook_endpoint', 'webhook_secret']
        ELSE ARRAY[]::text[] END);
