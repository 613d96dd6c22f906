use crate::payments::PaymentStatus;
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Notes the event, which counts once, with its payment if there is such a payment.
pub(super) fn insert_event(
    clinic: Uuid,
    event: String,
    kind: String,
    payment: Uuid,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.insert_provider_event",
        "INSERT INTO billing.provider_events (clinic_id, event_id, kind, payment_id, created_at)
         VALUES ($1, $2, $3, (SELECT id FROM billing.payments WHERE clinic_id = $1 AND id = $4), $5)",
    )
    .bind(clinic)
    .bind(event)
    .bind(kind)
    .bind(payment)
    .bind(now)
}

/// What is known of the payment then; no row for one that is not known here.
pub(super) fn status(clinic: Uuid, payment: Uuid) -> Statement<PaymentStatus> {
    Statement::new(
        "billing.payment_status",
        "SELECT status
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(payment)
    .decode(|columns| columns.parsed("status"))
}
