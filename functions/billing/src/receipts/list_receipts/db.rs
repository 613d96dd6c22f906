use super::schema::ReceiptsQuery;
use crate::receipts::Receipt;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

/// The receipts behind the page's start.
pub(super) fn receipts_before(
    clinic: Uuid,
    query: &ReceiptsQuery,
    page: &PageQuery<Receipt>,
) -> Statement<Receipt> {
    let ((at, id), (from, to)) = (page.start(), query.window());
    Statement::new(
        "billing.receipts_before",
        "SELECT r.id, r.clinic_id, r.number, r.kind, r.transaction_id, r.patient_id, r.amount_minor, r.currency, r.issued_on,
                r.code, r.created_at,
                CASE WHEN v.id IS NOT NULL OR b.returned_transaction_id IS NOT NULL THEN 'returned'
                     WHEN g.given >= r.amount_minor THEN 'refunded'
                     WHEN g.given > 0 THEN 'partly_refunded'
                     ELSE 'valid' END AS status
           FROM billing.receipts AS r
           LEFT JOIN billing.transfers AS v ON v.clinic_id = r.clinic_id AND v.reverses_id = r.transaction_id
           LEFT JOIN billing.refunds AS b ON b.clinic_id = r.clinic_id AND b.transaction_id = r.transaction_id
           LEFT JOIN billing.payments AS y ON y.clinic_id = r.clinic_id AND y.transaction_id = r.transaction_id
           LEFT JOIN LATERAL (SELECT sum(f.amount_minor) AS given FROM billing.refunds AS f
                               WHERE f.clinic_id = y.clinic_id AND f.payment_id = y.id AND f.status = 'succeeded') AS g ON true
          WHERE r.clinic_id = $1
            AND (r.created_at, r.id) < ($2, $3)
            AND ($4::uuid IS NULL OR r.patient_id = $4)
            AND ($5::timestamptz IS NULL OR r.created_at >= $5)
            AND ($6::timestamptz IS NULL OR r.created_at < $6)
          ORDER BY r.created_at DESC, r.id DESC
          LIMIT $7",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(query.patient_id.map(Uuid::from))
    .bind(from)
    .bind(to)
    .bind(page.rows())
    .decode(Receipt::of)
}

/// Counts along the index of the list.
pub(super) fn count_receipts(clinic: Uuid, query: &ReceiptsQuery) -> Statement<i64> {
    let (from, to) = query.window();
    Statement::new(
        "billing.count_receipts",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM billing.receipts AS r
                  WHERE r.clinic_id = $1
                    AND ($2::uuid IS NULL OR r.patient_id = $2)
                    AND ($3::timestamptz IS NULL OR r.created_at >= $3)
                    AND ($4::timestamptz IS NULL OR r.created_at < $4)
                  ORDER BY r.created_at DESC, r.id DESC
                  LIMIT $5) AS counted",
    )
    .bind(clinic)
    .bind(query.patient_id.map(Uuid::from))
    .bind(from)
    .bind(to)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
