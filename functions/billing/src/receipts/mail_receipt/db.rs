use super::schema::Mailed;
use shared::database::Statement;
use uuid::Uuid;

/// The receipt that is on its way, as a reply.
pub(super) fn mailed(clinic: Uuid, receipt: Uuid) -> Statement<Mailed> {
    Statement::new(
        "billing.mailed_receipt",
        "SELECT set_config('app.reply', jsonb_build_object('id', id, 'number', number)::text, true) AS reply
           FROM billing.receipts
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(receipt)
    .reply()
}
