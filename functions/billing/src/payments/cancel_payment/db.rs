use shared::database::Statement;
use uuid::Uuid;

/// Fails for a payment that is not there, was taken already, or is a person's to resolve.
pub(super) fn ensure_cancellable(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "billing.ensure_payment_cancellable",
        "SELECT kernel.ensure(count(*) = 1, 'payment_exists'),
                kernel.ensure(count(*) FILTER (WHERE status = 'succeeded') = 0, 'payment_not_succeeded'),
                kernel.ensure(count(*) FILTER (WHERE status = 'pending' AND review IS NOT NULL) = 0, 'payment_not_in_review')
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
}
