//! The money that a bank takes and gives back, booked once each.

use super::Told;
use crate::payments::settling::Step;
use shared::database::Statement;
use uuid::Uuid;

/// Which way the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The bank takes it: the patient owes it again.
    Withdrawn,
    /// It comes back.
    Reinstated,
}

/// Books it, unless it was: the dispute has a transaction for each way.
pub(super) fn book(clinic: Uuid, told: &Told, way: Way, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.book_dispute",
        "WITH dispute AS MATERIALIZED (
             SELECT d.clinic_id, d.id, CASE WHEN $7 THEN d.won_transaction_id ELSE d.transaction_id END AS booked,
                    p.patient_id, p.currency, p.method
               FROM billing.disputes AS d JOIN billing.payments AS p ON p.clinic_id = d.clinic_id AND p.id = d.payment_id
              WHERE d.clinic_id = $1 AND d.provider_dispute_id = $2
                FOR NO KEY UPDATE OF d
         ), noted AS (
             UPDATE billing.disputes AS d
                SET transaction_id = CASE WHEN $7 THEN d.transaction_id ELSE $3 END,
                    won_transaction_id = CASE WHEN $7 THEN $3 ELSE d.won_transaction_id END,
                    version = d.version + 1, updated_at = $4 FROM dispute
              WHERE d.clinic_id = dispute.clinic_id AND d.id = dispute.id AND dispute.booked IS NULL
             RETURNING d.clinic_id, d.id, d.amount_minor, dispute.patient_id, dispute.currency, dispute.method
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, CASE WHEN $7 THEN amount_minor ELSE -amount_minor END, 1, $4, $4 FROM noted
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT n.clinic_id, $3, n.patient_id, CASE WHEN $7 THEN 'dispute_won' ELSE 'dispute' END,
                    CASE WHEN $7 THEN 'clearing' ELSE 'patient' END, CASE WHEN $7 THEN 'patient' ELSE 'clearing' END,
                    n.amount_minor, n.currency, n.method, 'dispute', n.id, m.seq, m.balance_minor,
                    (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
               FROM noted AS n
               JOIN moved AS m ON m.clinic_id = n.clinic_id AND m.patient_id = n.patient_id
               JOIN identity.published_clinics AS c ON c.id = n.clinic_id
              WHERE kernel.ensure(m.updated_at <= $4::timestamptz + interval '5 seconds', 'clocks_agree')
             RETURNING clinic_id, id, patient_id, seq
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $5, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $6, $4, $4
           FROM posted AS p",
    )
    .bind(clinic)
    .bind(told.id.clone())
    .bind(step.transaction)
    .bind(step.at)
    .bind(step.events[1])
    .bind(step.traceparent.clone())
    .bind(way == Way::Reinstated)
}
