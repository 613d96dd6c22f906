use super::schema::PaymentsQuery;
use crate::payments::{Payment, PaymentStatus};
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

/// The rows behind the page's start, each as a reply has it.
pub(super) fn payments_before(
    clinic: Uuid,
    query: &PaymentsQuery,
    page: &PageQuery<Payment>,
) -> Statement<Payment> {
    let ((at, id), (from, to)) = (page.start(), query.window());
    Statement::new(
        "billing.payments_before",
        "SELECT jsonb_build_object(
                    'id', p.id, 'patientId', p.patient_id, 'orderId', p.order_id, 'status', p.status,
                    'amountMinor', p.amount_minor, 'currency', p.currency, 'method', p.method,
                    'description', p.description, 'refundedMinor', p.refunded_minor,
                    'disputed', p.disputed_at IS NOT NULL, 'review', p.review, 'failureCode', p.failure_code,
                    'declineCode', p.decline_code, 'transactionId', p.transaction_id, 'receiptId', r.id,
                    'providerPaymentId', p.provider_payment_id, 'createdAt', p.created_at, 'settledAt', p.settled_at, 'waitingUntil', p.waiting_until,
                    'version', p.version)::text AS reply
           FROM billing.payments AS p
           LEFT JOIN billing.receipts AS r ON r.clinic_id = p.clinic_id AND r.transaction_id = p.transaction_id
          WHERE p.clinic_id = $1
            AND (p.created_at, p.id) < ($2, $3)
            AND ($4::uuid IS NULL OR p.patient_id = $4)
            AND ($5::text IS NULL OR p.status = $5)
            AND ($6::timestamptz IS NULL OR p.created_at >= $6)
            AND ($7::timestamptz IS NULL OR p.created_at < $7)
          ORDER BY p.created_at DESC, p.id DESC
          LIMIT $8",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(query.patient_id.map(Uuid::from))
    .bind(query.status.map(PaymentStatus::name))
    .bind(from)
    .bind(to)
    .bind(page.rows())
    .reply()
}

/// Counts along the index of the list.
pub(super) fn count_payments(clinic: Uuid, query: &PaymentsQuery) -> Statement<i64> {
    let (from, to) = query.window();
    Statement::new(
        "billing.count_payments",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM billing.payments
                  WHERE clinic_id = $1
                    AND ($2::uuid IS NULL OR patient_id = $2)
                    AND ($3::text IS NULL OR status = $3)
                    AND ($4::timestamptz IS NULL OR created_at >= $4)
                    AND ($5::timestamptz IS NULL OR created_at < $5)
                  ORDER BY created_at DESC, id DESC
                  LIMIT $6) AS counted",
    )
    .bind(clinic)
    .bind(query.patient_id.map(Uuid::from))
    .bind(query.status.map(PaymentStatus::name))
    .bind(from)
    .bind(to)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
