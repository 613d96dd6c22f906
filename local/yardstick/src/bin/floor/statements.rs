//! The statements of the payment, as Grafono sends them.

use crate::database::Step;
use crate::pay::Writes;
use tokio_postgres::types::Type;

impl Writes<'_> {
    pub(crate) fn claim(&self) -> [Step<'_>; 2] {
        let call = self.call;
        let forget = Step::query(
            "DELETE FROM kernel.idempotency_keys
              WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3
                AND expires_at <= $4",
            [
                (&call.clinic, Type::UUID),
                (&call.caller.sub, Type::UUID),
                (&self.key, Type::TEXT),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        let claim = Step::query(
            "INSERT INTO kernel.idempotency_keys
                    (clinic_id, caller_id, key, fingerprint, expires_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            [
                (&call.clinic, Type::UUID),
                (&call.caller.sub, Type::UUID),
                (&self.key, Type::TEXT),
                (&self.fingerprint, Type::BYTEA),
                (&self.expires, Type::TIMESTAMPTZ),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        [forget, claim]
    }

    pub(crate) fn transfer(&self) -> [Step<'_>; 2] {
        let (call, asked) = (self.call, self.asked);
        let balance = Step::query(
            "INSERT INTO billing.balances
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 1, $5, $5)
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = balances.balance_minor + EXCLUDED.balance_minor,
                    seq           = balances.seq + 1,
                    updated_at    = EXCLUDED.updated_at",
            [
                (&call.clinic, Type::UUID),
                (&asked.patient_id, Type::UUID),
                (&asked.currency, Type::TEXT),
                (&self.delta, Type::INT8),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        let transfer = Step::query(
            "INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency,
                     method, description, seq, balance_after_minor, occurred_on, created_at)
             SELECT clinic_id, $3, patient_id, $4, $5, $6, $7, $8, $9, $10, seq, balance_minor, $11::date, $11
               FROM billing.balances
              WHERE clinic_id = $1
                AND patient_id = $2",
            [
                (&call.clinic, Type::UUID),
                (&asked.patient_id, Type::UUID),
                (&self.id, Type::UUID),
                (&asked.kind, Type::TEXT),
                (&self.debit, Type::TEXT),
                (&self.credit, Type::TEXT),
                (&asked.amount_minor, Type::INT8),
                (&asked.currency, Type::TEXT),
                (&asked.method, Type::TEXT),
                (&asked.description, Type::TEXT),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        [balance, transfer]
    }

    pub(crate) fn records(&self) -> [Step<'_>; 2] {
        let call = self.call;
        let announce = Step::query(
            "INSERT INTO kernel.outbox
                    (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
             SELECT $3, clinic_id, 'ledger', patient_id, seq, 'ledger.transaction_recorded',
                    jsonb_build_object('transactionId', id, 'patientId', patient_id), $4, $5, $5
               FROM billing.transfers
              WHERE clinic_id = $1
                AND id = $2",
            [
                (&call.clinic, Type::UUID),
                (&self.id, Type::UUID),
                (&self.event, Type::UUID),
                (&self.traceparent, Type::TEXT),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        let audit = Step::query(
            "INSERT INTO kernel.audit_log
                    (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
             VALUES ($1, $2, $3, 'transaction.recorded', 'transaction', $4, $5, $6)",
            [
                (&self.audit, Type::UUID),
                (&call.clinic, Type::UUID),
                (&call.caller.sub, Type::UUID),
                (&self.id, Type::UUID),
                (&call.event.request_context.request_id, Type::TEXT),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        );
        [announce, audit]
    }

    pub(crate) fn reply(&self) -> Step<'_> {
        Step::query(
            "SELECT set_config('app.reply', jsonb_build_object(
                        'transactionId', id, 'patientId', patient_id, 'type', kind, 'amountMinor', amount_minor,
                        'currency', currency, 'balanceMinor', balance_after_minor,
                        'createdAt', created_at)::text, true) AS reply
               FROM billing.transfers
              WHERE clinic_id = $1
                AND id = $2",
            [(&self.call.clinic, Type::UUID), (&self.id, Type::UUID)],
        )
    }

    pub(crate) fn store(&self) -> Step<'_> {
        Step::query(
            "UPDATE kernel.idempotency_keys
                SET reply = current_setting('app.reply')::jsonb
              WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3",
            [(&self.call.clinic, Type::UUID), (&self.call.caller.sub, Type::UUID), (&self.key, Type::TEXT)],
        )
    }

    pub(crate) fn stored(&self) -> Step<'_> {
        Step::query(
            "SELECT fingerprint, reply::text AS reply
               FROM kernel.idempotency_keys
              WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3",
            [(&self.call.clinic, Type::UUID), (&self.call.caller.sub, Type::UUID), (&self.key, Type::TEXT)],
        )
    }
}
