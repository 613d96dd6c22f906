//! What the lists of transactions share, the clinic's and a patient's: by what they choose, and the statements that read them.

use super::transfer::TransactionType;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::database::Statement;
use shared::http::page::COUNTED_AT_MOST;
use shared::http::{Listed, PageQuery};
use shared::validation::DateTime;
use uuid::Uuid;

/// By what transactions are chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) patient: Option<Uuid>,
    pub(super) kind: Option<TransactionType>,
    pub(super) from: Option<DateTime>,
    pub(super) to: Option<DateTime>,
}

impl Chosen {
    /// As the filters of a query.
    pub(super) fn filters(&self) -> String {
        let given = [
            self.patient.map(|patient| format!("patientId={patient}")),
            self.kind.map(|kind| format!("type={}", kind.name())),
            self.from.map(|from| format!("from={from}")),
            self.to.map(|to| format!("to={to}")),
        ];
        given.into_iter().flatten().collect::<Vec<_>>().join("&")
    }

    fn window(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from.map(Timestamp::from), self.to.map(Timestamp::from))
    }
}

/// The chosen transactions behind the page's start.
pub(super) fn transactions_before<T>(clinic: Uuid, chosen: &Chosen, page: &PageQuery<T>) -> Statement<T>
where
    T: Listed + Serialize + DeserializeOwned,
{
    let ((at, id), (from, to)) = (page.start(), chosen.window());
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
    .bind(chosen.patient)
    .bind(chosen.kind.map(TransactionType::name))
    .bind(from)
    .bind(to)
    .bind(page.rows())
    .reply()
}

/// Counts the chosen ones along the index of the list.
pub(super) fn count_transactions(clinic: Uuid, chosen: &Chosen) -> Statement<i64> {
    let (from, to) = chosen.window();
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
    .bind(chosen.patient)
    .bind(chosen.kind.map(TransactionType::name))
    .bind(from)
    .bind(to)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
