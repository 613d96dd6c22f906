//! A transaction as the slices share it: the reply, and the statements that read it.

use super::transfer::{Method, TransactionIds, TransactionType};
use crate::currency::CURRENCY;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::database::Statement;
use shared::failure::Problem;
use shared::http::{Call, Listed};
use shared::validation::{FullDate, Text};
use uuid::Uuid;

/// This clinic has no such transaction.
pub(super) const TRANSACTION_NOT_FOUND: Problem = Problem::new(
    404,
    "TRANSACTION_NOT_FOUND",
    "No such transaction",
    "This clinic has no transaction with this id.",
);

/// The kind of thing that a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Something outside Grafono.
    External,
    /// A charge of another transaction.
    Charge,
    /// An order.
    Order,
    /// An appointment.
    Appointment,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// Another transaction, which this one takes back.
    Transfer,
}

/// What a transaction is for.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// What kind of thing.
    #[schemars(example = SourceKind::External)]
    pub kind: SourceKind,
    /// The thing's id.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
}

/// A transaction.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its ids.
    #[serde(flatten)]
    pub ids: TransactionIds,
    /// Whose balance moved.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// What it is.
    #[serde(rename = "type")]
    #[schemars(example = TransactionType::Income)]
    pub kind: TransactionType,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// How it was paid; null where no money moves.
    #[schemars(example = Method::Pix)]
    pub method: Option<Method>,
    /// What for.
    #[schemars(length(min = 1, max = 500), example = "Session of 21 November")]
    pub description: Option<Text>,
    /// The thing that it is for; null for money taken or paid by hand.
    #[schemars(example = None::<Source>)]
    pub source: Option<Source>,
    /// The transaction that this one takes back; null but for a reversal.
    #[schemars(example = None::<Uuid>)]
    pub reverses_id: Option<Uuid>,
    /// The transaction that takes this one back, if one does.
    #[schemars(example = None::<Uuid>)]
    pub reversed_by: Option<Uuid>,
    /// Its receipt, if it has one.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// The receipt's number, counted by the clinic from 1 without a gap.
    #[schemars(range(min = 1), example = 1)]
    pub receipt_number: Option<i64>,
    /// The day in the clinic's zone, `YYYY-MM-DD`.
    #[schemars(example = "2026-11-21")]
    pub occurred_on: FullDate,
    /// The patient's balance just after; positive when in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

impl Listed for Transaction {
    const LIST: &'static str = "/api/v1/transactions";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.ids.id)
    }
}

/// The transaction; no row for an unknown one or another clinic's.
pub(super) fn transaction(clinic: Uuid, id: Uuid) -> Statement<Transaction> {
    Statement::new(
        "billing.transaction",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'transactionId', t.id, 'patientId', t.patient_id, 'type', t.kind, 'amountMinor', t.amount_minor,
                    'currency', t.currency, 'method', t.method, 'description', t.description,
                    'source', CASE WHEN t.source IS NOT NULL
                                   THEN jsonb_build_object('kind', t.source, 'id', t.source_id) END,
                    'reversesId', t.reverses_id, 'reversedBy', v.id, 'receiptId', r.id, 'receiptNumber', r.number,
                    'occurredOn', t.occurred_on, 'balanceMinor', t.balance_after_minor, 'createdAt', t.created_at)::text, true) AS reply
           FROM billing.transfers AS t
           LEFT JOIN billing.transfers AS v ON v.clinic_id = t.clinic_id AND v.reverses_id = t.id
           LEFT JOIN billing.receipts AS r ON r.clinic_id = t.clinic_id AND r.transaction_id = t.id
          WHERE t.clinic_id = $1
            AND t.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}

/// The event, ordered by the transfer's place among the patient's.
pub(super) fn announce(call: &Call<'_>, clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "billing.announce_transaction",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $3, clinic_id, 'ledger', patient_id, seq, 'ledger.transaction_recorded',
                jsonb_build_object('transactionId', id, 'patientId', patient_id), $4, $5, $5
           FROM billing.transfers
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .bind(call.new_id())
    .bind(call.trace.traceparent())
    .bind(call.now)
}
