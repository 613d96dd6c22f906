use super::schema::Transaction;
use shared::database::Statement;
use uuid::Uuid;

pub(super) fn transaction(clinic: Uuid, id: Uuid) -> Statement<Transaction> {
    Statement::new(
        "billing.transaction",
        "SELECT jsonb_build_object(
                    'transactionId', id, 'patientId', patient_id, 'type', kind, 'amountMinor', amount_minor,
                    'currency', currency, 'method', method, 'description', description,
                    'balanceMinor', balance_after_minor, 'createdAt', created_at)::text AS reply
           FROM billing.transfers
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
