-- billing gives money back, and notes what the customer's bank takes back.
--
-- A refund moves forward alone: pending, succeeded, failed. One that had succeeded can fail days later, when the bank sends the
-- money back; then it comes back here, too.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE billing.refunds (
    id                      uuid        NOT NULL,
    clinic_id               uuid        NOT NULL,
    payment_id              uuid        NOT NULL,
    amount_minor            bigint      NOT NULL,
    reason                  text,
    made_elsewhere          boolean     NOT NULL DEFAULT false,
    status                  text        NOT NULL DEFAULT 'pending',
    provider_refund_id      text,
    failure_code            text,
    transaction_id          uuid,
    returned_transaction_id uuid,
    due_at                  timestamptz,
    attempts                bigint      NOT NULL DEFAULT 0,
    version                 bigint      NOT NULL DEFAULT 1,
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT refunds_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT refunds_payment_fkey FOREIGN KEY (clinic_id, payment_id) REFERENCES billing.payments (clinic_id, id),
    CONSTRAINT refunds_transaction_fkey FOREIGN KEY (clinic_id, transaction_id) REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT refunds_returned_transaction_fkey FOREIGN KEY (clinic_id, returned_transaction_id)
        REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT refunds_amount_bounds CHECK (amount_minor BETWEEN 1 AND 99999999),
    CONSTRAINT refunds_reason_length CHECK (char_length(reason) BETWEEN 1 AND 500),
    CONSTRAINT refunds_status_known CHECK (status IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT refunds_provider_form CHECK (provider_refund_id ~ '^[a-z]{2,4}_[A-Za-z0-9_]{1,120}$'),
    CONSTRAINT refunds_due_while_pending CHECK ((due_at IS NOT NULL) = (status = 'pending')),
    CONSTRAINT refunds_failed_with_code CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT refunds_settled_whole CHECK (
        CASE status WHEN 'pending' THEN transaction_id IS NULL
                    WHEN 'succeeded' THEN num_nonnulls(transaction_id, provider_refund_id) = 2
                    ELSE true END),
    CONSTRAINT refunds_returned_whole CHECK (
        (returned_transaction_id IS NOT NULL) = (status = 'failed' AND transaction_id IS NOT NULL)),
    CONSTRAINT refunds_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT refunds_version_positive CHECK (version > 0)
);
COMMENT ON TABLE billing.refunds IS 'Money of payments that is given back; one that succeeded has its transfer';
COMMENT ON COLUMN billing.refunds.made_elsewhere IS 'whether the provider told of it first: somebody made it in its dashboard';
COMMENT ON COLUMN billing.refunds.provider_refund_id IS 'NULL until the provider has said it';
COMMENT ON COLUMN billing.refunds.transaction_id IS 'NULL until the money was given back';
COMMENT ON COLUMN billing.refunds.returned_transaction_id IS 'NULL unless it failed after it had succeeded';
COMMENT ON COLUMN billing.refunds.due_at IS 'when the sweeper carries it on; NULL once the outcome is known';
COMMENT ON CONSTRAINT refunds_due_while_pending ON billing.refunds IS 'what is decided is carried out, and what is known is not looked at again';
COMMENT ON CONSTRAINT refunds_failed_with_code ON billing.refunds IS 'whatever fails says why';
COMMENT ON CONSTRAINT refunds_settled_whole ON billing.refunds IS 'money that was given back is in the ledger, and nothing else is';
COMMENT ON CONSTRAINT refunds_returned_whole ON billing.refunds IS 'money that came back is in the ledger again, and nothing else is';
CREATE UNIQUE INDEX refunds_provider_once ON billing.refunds (clinic_id, provider_refund_id) WHERE provider_refund_id IS NOT NULL;
COMMENT ON INDEX billing.refunds_provider_once IS 'what the provider gave back once is booked once';
CREATE INDEX refunds_payment ON billing.refunds (clinic_id, payment_id, created_at, id);
CREATE INDEX refunds_transaction ON billing.refunds (clinic_id, transaction_id);
CREATE INDEX refunds_returned_transaction ON billing.refunds (clinic_id, returned_transaction_id);
CREATE INDEX refunds_due ON billing.refunds (due_at, clinic_id, id) WHERE due_at IS NOT NULL;

CREATE TABLE billing.disputes (
    id                  uuid        NOT NULL,
    clinic_id           uuid        NOT NULL,
    payment_id          uuid        NOT NULL,
    provider_dispute_id text        NOT NULL,
    amount_minor        bigint      NOT NULL,
    reason              text        NOT NULL,
    status              text        NOT NULL DEFAULT 'open',
    transaction_id      uuid,
    won_transaction_id  uuid,
    version             bigint      NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT disputes_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT disputes_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT disputes_provider_once UNIQUE (clinic_id, provider_dispute_id),
    CONSTRAINT disputes_payment_fkey FOREIGN KEY (clinic_id, payment_id) REFERENCES billing.payments (clinic_id, id),
    CONSTRAINT disputes_transaction_fkey FOREIGN KEY (clinic_id, transaction_id) REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT disputes_won_transaction_fkey FOREIGN KEY (clinic_id, won_transaction_id)
        REFERENCES billing.transfers (clinic_id, id),
    CONSTRAINT disputes_provider_form CHECK (provider_dispute_id ~ '^[a-z]{2,4}_[A-Za-z0-9_]{1,120}$'),
    CONSTRAINT disputes_amount_bounds CHECK (amount_minor BETWEEN 1 AND 99999999999),
    CONSTRAINT disputes_reason_form CHECK (reason ~ '^[a-z0-9_]{1,64}$'),
    CONSTRAINT disputes_status_known CHECK (status IN ('open', 'lost', 'won')),
    CONSTRAINT disputes_version_positive CHECK (version > 0)
);
COMMENT ON TABLE billing.disputes IS 'Payments that the card''s owner disputes; what the bank took and gave back is in the ledger';
COMMENT ON COLUMN billing.disputes.amount_minor IS 'minor units; the bank may take more than the payment was';
COMMENT ON COLUMN billing.disputes.transaction_id IS 'NULL until the bank has taken the money';
COMMENT ON COLUMN billing.disputes.won_transaction_id IS 'NULL unless the money came back';
CREATE INDEX disputes_payment ON billing.disputes (clinic_id, payment_id);
CREATE INDEX disputes_transaction ON billing.disputes (clinic_id, transaction_id);
CREATE INDEX disputes_won_transaction ON billing.disputes (clinic_id, won_transaction_id);

-- The trigger's arguments are the states, in their order.
CREATE FUNCTION billing.refuse_backward() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF array_position(TG_ARGV, NEW.status) < array_position(TG_ARGV, OLD.status)
       OR (OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS DISTINCT FROM OLD.transaction_id)
    THEN
        RAISE EXCEPTION 'a refund and a dispute only move forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_move_forward';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION billing.refuse_backward() FROM PUBLIC;
CREATE TRIGGER refunds_move_forward BEFORE UPDATE ON billing.refunds
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_backward('pending', 'succeeded', 'failed');
CREATE TRIGGER disputes_move_forward BEFORE UPDATE ON billing.disputes
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_backward('open', 'lost', 'won');

ALTER TABLE billing.refunds ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.refunds FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.disputes ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.disputes FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON billing.refunds TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.disputes TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON billing.refunds TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.disputes TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

GRANT SELECT, INSERT ON billing.refunds, billing.disputes TO billing;
GRANT UPDATE (status, provider_refund_id, failure_code, transaction_id, returned_transaction_id, due_at, attempts, version,
              updated_at) ON billing.refunds TO billing;
GRANT UPDATE (status, transaction_id, won_transaction_id, version, updated_at) ON billing.disputes TO billing;
GRANT UPDATE (refunded_minor, disputed_at) ON billing.payments TO billing;

-- The sweeper sees when which refund is due, as it does of payments.
CREATE POLICY sweeper_reads ON billing.refunds FOR SELECT TO payment_sweeper USING (due_at IS NOT NULL);
GRANT SELECT (clinic_id, id, due_at) ON billing.refunds TO payment_sweeper;

-- Refunds and disputes, too, are billing's to speak of.
CREATE OR REPLACE FUNCTION kernel.is_own(of_module text, said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN split_part(said, '.', 1) = ANY (CASE of_module
        WHEN 'identity' THEN ARRAY['clinic', 'account', 'session', 'user', 'invitation']
        WHEN 'patients' THEN ARRAY['patient']
        WHEN 'billing'  THEN ARRAY['ledger', 'transaction', 'payment', 'refund', 'dispute', 'receipt']
        WHEN 'platform' THEN ARRAY['job', 'job_result', 'webhook_endpoint', 'webhook_secret']
        ELSE ARRAY[]::text[] END);
