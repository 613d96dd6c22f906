use crate::refunds::Refund;
use shared::database::Statement;
use uuid::Uuid;

/// The refund as a reply; no row for an unknown one, another payment's or another clinic's.
pub(super) fn refund(clinic: Uuid, payment: Uuid, id: Uuid) -> Statement<Refund> {
    Statement::new(
        "billing.refund",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', r.id, 'refundId', r.id, 'paymentId', r.payment_id, 'patientId', p.patient_id, 'status', r.status,
                    'amountMinor', r.amount_minor, 'currency', p.currency, 'reason', r.reason,
                    'madeElsewhere', r.made_elsewhere, 'failureCode', r.failure_code,
                    'transactionId', r.transaction_id, 'returnedTransactionId', r.returned_transaction_id,
                    'receiptId', n.id, 'providerRefundId', r.provider_refund_id, 'createdAt', r.created_at,
                    'version', r.version)::text, true) AS reply
           FROM billing.refunds AS r
           JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
           LEFT JOIN billing.receipts AS n ON n.clinic_id = r.clinic_id AND n.transaction_id = r.transaction_id
          WHERE r.clinic_id = $1
            AND r.payment_id = $2
            AND r.id = $3",
    )
    .bind(clinic)
    .bind(payment)
    .bind(id)
    .reply()
}
