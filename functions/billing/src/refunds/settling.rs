//! What is written once something was found out of a refund. The reply, the provider's event and the sweeper send the same
//! statements, in any order, any number of times, at once: each hangs on the one row that it moves. The payment is locked before
//! its refunds, and both before the balance.

use crate::payments::settling::Step;
use shared::database::Statement;
use uuid::Uuid;

/// Which of a payment's refunds: by the provider's id, else by ours while the provider has named none.
#[derive(Debug, Clone)]
pub(crate) struct Booked {
    /// Our id, where it is known.
    pub(crate) refund: Option<Uuid>,
    /// The provider's id, once it has said it.
    pub(crate) provider: Option<String>,
}

/// Locks the payment, before anything of it is.
pub(crate) fn lock_payment(clinic: Uuid, payment: Uuid) -> Statement<()> {
    Statement::new(
        "billing.lock_refunds_payment",
        "SELECT id
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2
            FOR NO KEY UPDATE",
    )
    .bind(clinic)
    .bind(payment)
}

/// The money was given back: the refund succeeds, the balance moves, the transfer is posted, the receipt has its number, and
/// both are announced. Fails by `refund_as_asked` for another amount or currency, by `clocks_agree` as a payment does.
pub(crate) fn settle(
    clinic: Uuid,
    payment: Uuid,
    of: Booked,
    amount_minor: i64,
    currency: String,
    step: &Step,
) -> Statement<()> {
    settle_statement()
        .bind(clinic)
        .bind(payment)
        .bind(of.refund)
        .bind(of.provider)
        .bind(step.transaction)
        .bind(step.at)
        .bind(amount_minor)
        .bind(currency)
        .bind(step.receipt)
        .bind(step.code.to_vec())
        .bind(step.events[0])
        .bind(step.traceparent.clone())
        .bind(step.events[1])
}

fn settle_statement() -> Statement<()> {
    Statement::new(
        "billing.settle_refund",
        "WITH refund AS MATERIALIZED (
             SELECT r.clinic_id, r.id, r.status, r.amount_minor, p.patient_id, p.currency, p.method
               FROM billing.refunds AS r JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
              WHERE r.clinic_id = $1 AND r.payment_id = $2
                AND (r.provider_refund_id = $4 OR (r.id = $3 AND r.provider_refund_id IS NULL))
                FOR NO KEY UPDATE OF r
         ), settled AS (
             UPDATE billing.refunds AS r
                SET status = 'succeeded', provider_refund_id = $4, transaction_id = $5, due_at = NULL,
                    version = r.version + 1, updated_at = $6 FROM refund
              WHERE r.clinic_id = refund.clinic_id AND r.id = refund.id AND refund.status = 'pending'
                AND kernel.ensure(refund.amount_minor = $7 AND refund.currency = $8, 'refund_as_asked')
             RETURNING r.clinic_id, r.id, r.payment_id, r.amount_minor, r.version,
                       refund.patient_id, refund.currency, refund.method
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, -amount_minor, 1, $6, $6 FROM settled
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT s.clinic_id, $5, s.patient_id, 'refund', 'patient', 'clearing', s.amount_minor, s.currency, s.method,
                    'refund', s.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
               FROM settled AS s
               JOIN moved AS m ON m.clinic_id = s.clinic_id AND m.patient_id = s.patient_id
               JOIN identity.published_clinics AS c ON c.id = s.clinic_id
              WHERE kernel.ensure(m.updated_at <= $6::timestamptz + interval '5 seconds', 'clocks_agree')
             RETURNING clinic_id, id, patient_id, amount_minor, currency, occurred_on, created_at, seq
         ), numbered AS (
             INSERT INTO billing.receipt_counters AS n (clinic_id, last_number, created_at, updated_at)
             SELECT clinic_id, 1, created_at, created_at FROM posted
             ON CONFLICT (clinic_id) DO UPDATE
                SET last_number = n.last_number + 1, updated_at = GREATEST(n.updated_at, EXCLUDED.updated_at)
             RETURNING n.clinic_id, n.last_number
         ), issued AS (
             INSERT INTO billing.receipts
                    (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code,
                     created_at)
             SELECT $9, p.clinic_id, n.last_number, 'refunded', p.id, p.patient_id, p.amount_minor, p.currency,
                    p.occurred_on, $10, p.created_at
               FROM posted AS p JOIN numbered AS n ON n.clinic_id = p.clinic_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $11::uuid, s.clinic_id, 'refund', s.id, s.version, 'refund.succeeded',
                jsonb_build_object('refundId', s.id, 'paymentId', s.payment_id, 'patientId', s.patient_id,
                                   'transactionId', $5, 'receiptId', $9), $12::text, $6::timestamptz, $6::timestamptz
           FROM settled AS s
          UNION ALL
         SELECT $13::uuid, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $12, $6, $6
           FROM posted AS p",
    )
}

/// Nothing was given back, or it came back, for that reason: what is left of the payment rises, and of what had been given
/// back the balance does.
pub(crate) fn fail(clinic: Uuid, payment: Uuid, of: Booked, code: String, step: &Step) -> Statement<()> {
    fail_statement()
        .bind(clinic)
        .bind(payment)
        .bind(of.refund)
        .bind(of.provider)
        .bind(code)
        .bind(step.transaction)
        .bind(step.at)
        .bind(step.events[0])
        .bind(step.traceparent.clone())
        .bind(step.events[1])
}

fn fail_statement() -> Statement<()> {
    Statement::new(
        "billing.fail_refund",
        "WITH refund AS MATERIALIZED (
             SELECT r.clinic_id, r.id, r.status, r.transaction_id, p.patient_id, p.currency, p.method
               FROM billing.refunds AS r JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
              WHERE r.clinic_id = $1 AND r.payment_id = $2
                AND (r.provider_refund_id = $4 OR (r.id = $3 AND r.provider_refund_id IS NULL))
                FOR NO KEY UPDATE OF r
         ), failed AS (
             UPDATE billing.refunds AS r
                SET status = 'failed', failure_code = $5, provider_refund_id = COALESCE(r.provider_refund_id, $4),
                    due_at = NULL, version = r.version + 1, updated_at = $7,
                    returned_transaction_id = CASE WHEN refund.transaction_id IS NOT NULL THEN $6::uuid END FROM refund
              WHERE r.clinic_id = refund.clinic_id AND r.id = refund.id AND refund.status <> 'failed'
             RETURNING r.clinic_id, r.id, r.payment_id, r.amount_minor, r.version, r.transaction_id,
                       refund.patient_id, refund.currency, refund.method
         ), released AS (
             UPDATE billing.payments AS p
                SET refunded_minor = p.refunded_minor - f.amount_minor, version = p.version + 1, updated_at = $7
               FROM failed AS f
              WHERE p.clinic_id = f.clinic_id AND p.id = f.payment_id
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, amount_minor, 1, $7, $7 FROM failed WHERE transaction_id IS NOT NULL
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT f.clinic_id, $6, f.patient_id, 'refund_returned', 'clearing', 'patient', f.amount_minor, f.currency,
                    f.method, 'refund', f.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date,
                    m.updated_at
               FROM failed AS f
               JOIN moved AS m ON m.clinic_id = f.clinic_id AND m.patient_id = f.patient_id
               JOIN identity.published_clinics AS c ON c.id = f.clinic_id
              WHERE kernel.ensure(m.updated_at <= $7::timestamptz + interval '5 seconds', 'clocks_agree')
             RETURNING clinic_id, id, patient_id, seq
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $8::uuid, f.clinic_id, 'refund', f.id, f.version, 'refund.failed',
                jsonb_build_object('refundId', f.id, 'paymentId', f.payment_id, 'patientId', f.patient_id),
                $9::text, $7::timestamptz, $7::timestamptz
           FROM failed AS f
          UNION ALL
         SELECT $10::uuid, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $9, $7, $7
           FROM posted AS p",
    )
}
