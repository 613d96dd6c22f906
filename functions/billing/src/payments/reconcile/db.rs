use super::logic::{Row, Window};
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// The payments that are read at once.
pub(super) const BATCH: i64 = 1_000;

/// Payments that were asked for within that window, in all clinics, behind that place; with what the ledger has of them.
pub(super) fn payments(window: Window, (at, clinic, id): (Timestamp, Uuid, Uuid)) -> Statement<Row> {
    Statement::new(
        "billing.payments_to_compare",
        "SELECT p.clinic_id, p.id, p.provider_account, p.amount_minor, p.currency, p.status, p.provider_payment_id,
                p.review IS NOT NULL AS is_reviewed, p.created_at,
                t.amount_minor AS booked_minor, t.currency AS booked_currency
           FROM billing.payments AS p
           LEFT JOIN billing.transfers AS t
             ON t.clinic_id = p.clinic_id AND t.kind = 'payment' AND t.source = 'payment' AND t.source_id = p.id
          WHERE p.created_at >= $1
            AND p.created_at < $2
            AND (p.created_at, p.clinic_id, p.id) > ($3, $4, $5)
          ORDER BY p.created_at, p.clinic_id, p.id
          LIMIT $6",
    )
    .bind(window.from)
    .bind(window.before)
    .bind(at)
    .bind(clinic)
    .bind(id)
    .bind(BATCH)
    .decode(|columns| {
        let amount: Option<i64> = columns.get("booked_minor")?;
        let currency: Option<String> = columns.get("booked_currency")?;
        Ok(Row {
            clinic: columns.get("clinic_id")?,
            id: columns.get("id")?,
            account: columns.get("provider_account")?,
            amount_minor: columns.get("amount_minor")?,
            currency: columns.get("currency")?,
            status: columns.parsed("status")?,
            provider_payment: columns.get("provider_payment_id")?,
            booked: amount.zip(currency),
            is_reviewed: columns.get("is_reviewed")?,
            asked_at: columns.get("created_at")?,
        })
    })
}
