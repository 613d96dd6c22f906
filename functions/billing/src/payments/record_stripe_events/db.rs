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

/// Refuses what another account of the provider tells than the payment was made under, and what is told of another one of the
/// provider's payments than it has named: whoever holds an account of their own writes its events' metadata. No violation
/// where there is no such payment.
pub(super) fn ensure_its_own(
    clinic: Uuid,
    payment: Uuid,
    account: Option<String>,
    intent: String,
) -> Statement<()> {
    Statement::new(
        "billing.ensure_event_is_of_payment",
        "SELECT kernel.ensure(count(*) = 0, 'event_of_its_payment')
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2
            AND (provider_account IS DISTINCT FROM $3 OR provider_payment_id <> $4)",
    )
    .bind(clinic)
    .bind(payment)
    .bind(account)
    .bind(intent)
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
