use super::schema::TransactionsQuery;
use crate::ledger::transaction::Transaction;
use crate::ledger::transfer::TransactionType;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

/// The transactions behind the page's start.
pub(super) fn transactions_before(
    clinic: Uuid,
    query: &TransactionsQuery,
    page: &PageQuery<Transaction>,
) -> Statement<Transaction> {
    let ((at, id), (from, to)) = (page.start(), query.window());
    Statement::new(
        "billing.transactions_before",
        "SELECT jsonb_build_object(
                    'transactionId', t.id, 'patientId', t.patient_id, 'type', t.kind, 'amountMinor', t.amount_minor,
                    'currency', t.currency, 'method', t.method, 'description', t.description,
                    'source', CASE WHEN t.source IS NOT NULL
                                   THEN jsonb_build_object('kind', t.source, 'id', t.source_id) END,
                    'reversesId', t.reverses_id, 'reversedBy', v.id, 'receiptId', r.id, 'receiptNumber', r.number,
                    'occurredOn', t.occurred_on, 'balanceMinor', t.balance_after_minor, 'createdAt', t.created_at)::text AS reply
           FROM billing.transfers AS t
           LEFT JOIN billing.transfers AS v ON v.clinic_id = t.clinic_id AND v.reverses_id = t.id
           LEFT JOIN billing.receipts AS r ON r.clinic_id = t.clinic_id AND r.transaction_id = t.id
          WHERE t.clinic_id = $1
            AND (t.created_at, t.id) < ($2, $3)
            AND ($4::uuid IS NULL OR t.patient_id = $4)
            AND ($5::text IS NULL OR t.kind = $5)
            AND ($6::timestamptz IS NULL OR t.created_at >= $6)
            AND ($7::timestamptz IS NULL OR t.created_at < $7)
          ORDER BY t.created_at DESC, t.id DESC
          LIMIT $8",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(query.patient_id.map(Uuid::from))
    .bind(query.kind.map(TransactionType::name))
    .bind(from)
    .bind(to)
    .bind(page.rows())
    .reply()
}

/// Counts along the index of the list.
pub(super) fn count_transactions(clinic: Uuid, query: &TransactionsQuery) -> Statement<i64> {
    let (from, to) = query.window();
    Statement::new(
        "billing.count_transactions",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM billing.transfers AS t
                  WHERE t.clinic_id = $1
                    AND ($2::uuid IS NULL OR t.patient_id = $2)
                    AND ($3::text IS NULL OR t.kind = $3)
                    AND ($4::timestamptz IS NULL OR t.created_at >= $4)
                    AND ($5::timestamptz IS NULL OR t.created_at < $5)
                  ORDER BY t.created_at DESC, t.id DESC
                  LIMIT $6) AS counted",
    )
    .bind(clinic)
    .bind(query.patient_id.map(Uuid::from))
    .bind(query.kind.map(TransactionType::name))
    .bind(from)
    .bind(to)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
