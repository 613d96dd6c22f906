use shared::database::Statement;
use uuid::Uuid;

/// Holds the payment, and fails for one that is not there or is not a person's to resolve: of two at once, the second finds
/// it resolved.
pub(super) fn hold_in_review(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "billing.hold_payment_in_review",
        "WITH held AS MATERIALIZED (
             SELECT status, review
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure(count(*) = 1, 'payment_exists'),
                kernel.ensure(count(*) FILTER (WHERE status = 'pending' AND review IS NOT NULL) = 1, 'payment_in_review')
           FROM held",
    )
    .bind(clinic)
    .bind(id)
}
