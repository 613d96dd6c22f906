//! Whether a payment is disputed, and how that ended.

use super::Told;
use crate::payments::settling::Step;
use shared::database::Statement;
use uuid::Uuid;

/// Locks the payment, before anything of it is.
pub(super) fn hold(clinic: Uuid, payment: Uuid, told: &Told) -> Statement<()> {
    Statement::new(
        "billing.hold_disputed_payment",
        "WITH held AS MATERIALIZED (
             SELECT currency
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure(count(*) FILTER (WHERE currency <> $3) = 0, 'dispute_in_its_currency')
           FROM held",
    )
    .bind(clinic)
    .bind(payment)
    .bind(told.currency.clone())
}

/// Notes the dispute, unless it is there; until it is won, the payment is disputed, and is not refunded.
pub(super) fn open(clinic: Uuid, payment: Uuid, told: &Told, dispute: Uuid, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.open_dispute",
        "WITH opened AS (
             INSERT INTO billing.disputes
                    (id, clinic_id, payment_id, provider_dispute_id, amount_minor, reason, created_at, updated_at)
             SELECT $4, p.clinic_id, p.id, $3, $5, $6, $7, $7
               FROM billing.payments AS p
              WHERE p.clinic_id = $1
                AND p.id = $2
                AND NOT EXISTS (SELECT FROM billing.disputes AS d
                                 WHERE d.clinic_id = p.clinic_id AND d.provider_dispute_id = $3)
             RETURNING clinic_id, id, payment_id, version
         ), marked AS (
             UPDATE billing.payments AS p
                SET disputed_at = COALESCE(p.disputed_at, $7), version = p.version + 1, updated_at = $7
               FROM opened AS o
              WHERE p.clinic_id = o.clinic_id
                AND p.id = o.payment_id
             RETURNING p.patient_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $8, o.clinic_id, 'dispute', o.id, o.version, 'dispute.opened',
                jsonb_build_object('disputeId', o.id, 'paymentId', o.payment_id, 'patientId', m.patient_id), $9, $7, $7
           FROM opened AS o
          CROSS JOIN marked AS m",
    )
    .bind(clinic)
    .bind(payment)
    .bind(told.id.clone())
    .bind(dispute)
    .bind(told.amount_minor)
    .bind(told.reason.clone())
    .bind(step.at)
    .bind(step.events[0])
    .bind(step.traceparent.clone())
}

/// The bank has decided. Whether a payment is disputed goes by all of its disputes: it is, until the last one is won.
pub(super) fn close(clinic: Uuid, told: &Told, status: &'static str, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.close_dispute",
        "WITH closed AS (
             UPDATE billing.disputes
                SET status = $3, version = version + 1, updated_at = $4
              WHERE clinic_id = $1
                AND provider_dispute_id = $2
                AND status = 'open'
             RETURNING clinic_id, id, payment_id, status, version
         ), settled AS (
             UPDATE billing.payments AS p
                SET disputed_at = CASE WHEN c.status = 'won'
                                        AND NOT EXISTS (SELECT FROM billing.disputes AS d
                                                         WHERE d.clinic_id = p.clinic_id AND d.payment_id = p.id
                                                           AND d.id <> c.id AND d.status <> 'won')
                                       THEN NULL ELSE p.disputed_at END,
                    version = p.version + 1, updated_at = $4
               FROM closed AS c
              WHERE p.clinic_id = c.clinic_id
                AND p.id = c.payment_id
             RETURNING p.patient_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $5, c.clinic_id, 'dispute', c.id, c.version, 'dispute.' || c.status,
                jsonb_build_object('disputeId', c.id, 'paymentId', c.payment_id, 'patientId', s.patient_id), $6, $4, $4
           FROM closed AS c
          CROSS JOIN settled AS s",
    )
    .bind(clinic)
    .bind(told.id.clone())
    .bind(status)
    .bind(step.at)
    .bind(step.events[1])
    .bind(step.traceparent.clone())
}
