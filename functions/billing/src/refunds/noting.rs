//! What is noted of a refund before it is settled.

use super::settling::Booked;
use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use uuid::Uuid;

/// When the sweeper first carries on a refund of which nobody has said what became of it.
pub(super) const DUE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// Notes a refund that somebody has made in the provider's dashboard, unless it is there. What does not fit into what is left
/// of the payment fails by `payments_refunded_within_captured`.
pub(crate) fn note_elsewhere(
    clinic: Uuid,
    payment: Uuid,
    refund: Option<Uuid>,
    provider: String,
    amount_minor: i64,
    new_id: Uuid,
    at: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.note_refund_made_elsewhere",
        "WITH reserved AS (
             UPDATE billing.payments AS p
                SET refunded_minor = p.refunded_minor + $5, version = p.version + 1, updated_at = $7
              WHERE p.clinic_id = $1
                AND p.id = $2
                AND NOT EXISTS (SELECT FROM billing.refunds AS r
                                 WHERE r.clinic_id = p.clinic_id AND r.payment_id = p.id
                                   AND (r.provider_refund_id = $4
                                        OR (r.id = $3 AND r.provider_refund_id IS NULL AND r.status <> 'failed')))
             RETURNING p.clinic_id, p.id
         )
         INSERT INTO billing.refunds
                (id, clinic_id, payment_id, amount_minor, made_elsewhere, provider_refund_id, due_at, created_at, updated_at)
         SELECT $6, clinic_id, id, $5, true, $4, $8, $7, $7
           FROM reserved",
    )
    .bind(clinic)
    .bind(payment)
    .bind(refund)
    .bind(provider)
    .bind(amount_minor)
    .bind(new_id)
    .bind(at)
    .bind(at + DUE_AFTER)
}

/// The provider has begun, under that id of its own, and has not said how it ends.
pub(crate) fn note_id(clinic: Uuid, payment: Uuid, of: Booked, at: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.note_provider_refund",
        "UPDATE billing.refunds
            SET provider_refund_id = $4, version = version + 1, updated_at = $5
          WHERE clinic_id = $1
            AND payment_id = $2
            AND id = $3
            AND status = 'pending'
            AND provider_refund_id IS NULL",
    )
    .bind(clinic)
    .bind(payment)
    .bind(of.refund)
    .bind(of.provider)
    .bind(at)
}
