//! A receipt as the slices share it: the reply, and the statement that reads it.

use super::code::{self, Code};
use crate::currency::CURRENCY;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::database::{Columns, DecodeError, Statement};
use shared::failure::Problem;
use shared::http::Listed;
use shared::validation::FullDate;
use strum::EnumString;
use uuid::Uuid;

/// This clinic has no such receipt.
pub(super) const RECEIPT_NOT_FOUND: Problem = Problem::new(
    404,
    "RECEIPT_NOT_FOUND",
    "No such receipt",
    "There is no receipt with this id or code. Compare it with the paper, letter by letter.",
);

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReceiptKind {
    /// Money that the clinic has received.
    Received,
    /// Money that the clinic has given back.
    Refunded,
}

/// What became of the money since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReceiptStatus {
    /// Nothing: it stands.
    Valid,
    /// The movement was taken back: money taken by hand was returned, or money given back did not arrive.
    Returned,
    /// Some of it was given back since.
    PartlyRefunded,
    /// All of it was given back since.
    Refunded,
}

/// A receipt.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// Counted from 1 within the clinic, without a gap.
    #[schemars(range(min = 1), example = 1)]
    pub number: i64,
    /// What it is for.
    #[schemars(example = ReceiptKind::Received)]
    pub kind: ReceiptKind,
    /// The transaction that it is for.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Uuid,
    /// Whose balance moved.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The day in the clinic's zone, `YYYY-MM-DD`.
    #[schemars(example = "2026-11-21")]
    pub issued_on: FullDate,
    /// What `GET /api/v1/receipts/verify/{code}` takes; it is on the paper.
    #[schemars(regex(pattern = code::PATTERN), example = &"AGEQUXNMSZ3UXPGOWMBATGUAK4AQEAYEAUDAOCAJBIFQYDIOB4IA")]
    pub code: String,
    /// What became of the money since.
    #[schemars(example = ReceiptStatus::Valid)]
    pub status: ReceiptStatus,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

impl Receipt {
    /// A row as a receipt. It has its clinic, too, which is part of the code.
    pub(super) fn of(columns: &Columns<'_>) -> Result<Self, DecodeError> {
        let random: &[u8] = columns.get("code")?;
        let random = random.try_into().map_err(|_| DecodeError("code".to_owned()))?;
        Ok(Self {
            id: columns.get("id")?,
            number: columns.get("number")?,
            kind: columns.parsed("kind")?,
            transaction_id: columns.get("transaction_id")?,
            patient_id: columns.get("patient_id")?,
            amount_minor: columns.get("amount_minor")?,
            currency: columns.get("currency")?,
            issued_on: FullDate::from(columns.get::<Date>("issued_on")?),
            code: Code { clinic: columns.get("clinic_id")?, random }.written(),
            status: columns.parsed("status")?,
            created_at: columns.get("created_at")?,
        })
    }
}

impl Listed for Receipt {
    const LIST: &'static str = "/api/v1/receipts";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

/// The receipt; no row for an unknown one or another clinic's.
pub(super) fn receipt(clinic: Uuid, id: Uuid) -> Statement<Receipt> {
    Statement::new(
        "billing.receipt",
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
            AND r.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .decode(Receipt::of)
}
