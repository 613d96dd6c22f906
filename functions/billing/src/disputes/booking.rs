//! The money that a bank takes and gives back, booked once each.

use super::Told;
use crate::payments::settling::Step;
use shared::database::Statement;
use uuid::Uuid;

/// The bank takes the money: the patient owes it again.
pub(super) fn withdraw(clinic: Uuid, told: &Told, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.withdraw_dispute",
        "WITH dispute AS MATERIALIZED (
             SELECT d.clinic_id, d.id, d.amount_minor, d.transaction_id, p.patient_id, p.currency, p.method
               FROM billing.disputes AS d JOIN billing.payments AS p ON p.clinic_id = d.clinic_id AND p.id = d.payment_id
              WHERE d.clinic_id = $1 AND d.provider_dispute_id = $2
                FOR NO KEY UPDATE OF d
         ), withdrawn AS (
             UPDATE billing.disputes AS d
                SET transaction_id = $3, version = d.version + 1, updated_at = $4 FROM dispute
              WHERE d.clinic_id = dispute.clinic_id AND d.id = dispute.id AND dispute.transaction_id IS NULL
             RETURNING d.clinic_id, d.id, d.amount_minor, dispute.patient_id, dispute.currency, dispute.method
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, -amount_minor, 1, $4, $4 FROM withdrawn
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT w.clinic_id, $3, w.patient_id, 'dispute', 'patient', 'clearing', w.amount_minor, w.currency, w.method,
                    'dispute', w.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
               FROM withdrawn AS w
               JOIN moved AS m ON m.clinic_id = w.clinic_id AND m.patient_id = w.patient_id
               JOIN identity.published_clinics AS c ON c.id = w.clinic_id
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
}

/// The money came back.
pub(super) fn reinstate(clinic: Uuid, told: &Told, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.reinstate_dispute",
        "WITH dispute AS MATERIALIZED (
             SELECT d.clinic_id, d.id, d.amount_minor, d.won_transaction_id, p.patient_id, p.currency, p.method
               FROM billing.disputes AS d JOIN billing.payments AS p ON p.clinic_id = d.clinic_id AND p.id = d.payment_id
              WHERE d.clinic_id = $1 AND d.provider_dispute_id = $2
                FOR NO KEY UPDATE OF d
         ), reinstated AS (
             UPDATE billing.disputes AS d
                SET won_transaction_id = $3, version = d.version + 1, updated_at = $4 FROM dispute
              WHERE d.clinic_id = dispute.clinic_id AND d.id = dispute.id AND dispute.won_transaction_id IS NULL
             RETURNING d.clinic_id, d.id, d.amount_minor, dispute.patient_id, dispute.currency, dispute.method
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, amount_minor, 1, $4, $4 FROM reinstated
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT r.clinic_id, $3, r.patient_id, 'dispute_won', 'clearing', 'patient', r.amount_minor, r.currency, r.method,
                    'dispute', r.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
               FROM reinstated AS r
               JOIN moved AS m ON m.clinic_id = r.clinic_id AND m.patient_id = r.patient_id
               JOIN identity.published_clinics AS c ON c.id = r.clinic_id
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
}
