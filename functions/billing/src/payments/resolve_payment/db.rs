use shared::database::Statement;
use uuid::Uuid;

/// Holds the payment, and fails for one that is not there, is not a person's to resolve, or has another id at the provider: of
/// two at once, the second finds it resolved.
pub(super) fn hold_in_review(clinic: Uuid, id: Uuid, intent: Option<String>) -> Statement<()> {
    Statement::new(
        "billing.hold_payment_in_review",
        "WITH held AS MATERIALIZED (
             SELECT status, review, provider_payment_id
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure(count(*) = 1, 'payment_exists'),
                kernel.ensure(count(*) FILTER (WHERE status = 'pending' AND review IS NOT NULL) = 1, 'payment_in_review'),
                kernel.ensure(count(*) FILTER (WHERE provider_payment_id <> $3) = 0, 'payment_by_its_id')
           FROM held",
    )
    .bind(clinic)
    .bind(id)
    .bind(intent)
}
