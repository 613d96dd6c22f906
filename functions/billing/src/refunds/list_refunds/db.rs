use crate::refunds::Refund;
use shared::database::Statement;
use uuid::Uuid;

/// The payment's id; no row for an unknown one or another clinic's.
pub(super) fn payment_id(clinic: Uuid, payment: Uuid) -> Statement<Uuid> {
    Statement::new(
        "billing.known_payment",
        "SELECT id
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(payment)
    .decode(|columns| columns.get("id"))
}

/// The payment's refunds, newest first.
pub(super) fn refunds(clinic: Uuid, payment: Uuid) -> Statement<Refund> {
    Statement::new(
        "billing.refunds_of_payment",
        "SELECT jsonb_build_object(
                    'id', r.id, 'refundId', r.id, 'paymentId', r.payment_id, 'patientId', p.patient_id, 'status', r.status,
                    'amountMinor', r.amount_minor, 'currency', p.currency, 'reason', r.reason,
                    'madeElsewhere', r.made_elsewhere, 'failureCode', r.failure_code,
                    'transactionId', r.transaction_id, 'returnedTransactionId', r.returned_transaction_id,
                    'receiptId', n.id, 'providerRefundId', r.provider_refund_id, 'createdAt', r.created_at,
                    'version', r.version)::text AS reply
           FROM billing.refunds AS r
           JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
           LEFT JOIN billing.receipts AS n ON n.clinic_id = r.clinic_id AND n.transaction_id = r.transaction_id
          WHERE r.clinic_id = $1
            AND r.payment_id = $2
          ORDER BY r.created_at DESC, r.id DESC
          LIMIT 100",
    )
    .bind(clinic)
    .bind(payment)
    .reply()
}
