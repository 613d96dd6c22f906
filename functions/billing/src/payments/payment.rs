//! A payment as the slices share it: the reply, its states, and the statement that reads it.

use crate::currency::CURRENCY;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::database::Statement;
use shared::failure::Problem;
use shared::http::Listed;
use shared::validation::Text;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// This clinic has no such payment.
pub(crate) const PAYMENT_NOT_FOUND: Problem = Problem::new(
    404,
    "PAYMENT_NOT_FOUND",
    "No such payment",
    "This clinic has no payment with this id. List the payments to see which there are.",
);

/// What became of a payment. It only moves on, in this order: a payment that had failed may turn out to have been taken.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentStatus {
    /// Nobody knows yet.
    Pending,
    /// No money was taken.
    Failed,
    /// The money was taken, and is in the ledger.
    Succeeded,
}

impl PaymentStatus {
    /// The name in JSON, in queries and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// By what the provider takes the money.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentBy {
    /// A card.
    Card,
    /// Pix: whoever pays reads a code in the application of their bank.
    Pix,
}

impl PaymentBy {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Why a person must look at a payment, and resolve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Review {
    /// The provider tells of another amount, currency or state than was asked for.
    AnotherAmount,
    /// The provider has another request under the payment's key.
    AnotherRequest,
    /// The provider could not be asked for so long that it may have forgotten.
    TooOld,
}

impl Review {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A payment.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// Who owes less by it.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// The order that it pays, if it pays one.
    #[schemars(example = None::<Uuid>)]
    pub order_id: Option<Uuid>,
    /// What became of it.
    #[schemars(example = PaymentStatus::Succeeded)]
    pub status: PaymentStatus,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// By what it is taken.
    #[schemars(example = PaymentBy::Card)]
    pub method: PaymentBy,
    /// What for.
    #[schemars(length(min = 1, max = 500), example = "Session of 21 November")]
    pub description: Option<Text>,
    /// Minor units that were given back, or are about to be.
    #[schemars(range(min = 0, max = 99_999_999), example = 0)]
    pub refunded_minor: i64,
    /// Whether the card's owner disputes it.
    #[schemars(example = false)]
    pub disputed: bool,
    /// Why a person must look at it, or had to.
    #[schemars(example = None::<Review>)]
    pub review: Option<Review>,
    /// Why no money was taken: `CARD_DECLINED`, `PIX_NOT_PAID`, `NOT_CHARGED`, `NOT_SENT`, or the provider's code.
    #[schemars(length(min = 1, max = 64), example = None::<String>)]
    pub failure_code: Option<String>,
    /// Why the card was declined, as far as the bank says.
    #[schemars(length(min = 1, max = 64), example = None::<String>)]
    pub decline_code: Option<String>,
    /// Its transaction, once it succeeded.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Option<Uuid>,
    /// Its receipt, once it succeeded.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// Its id at the provider, once the provider has said it.
    #[schemars(length(max = 255), example = &"pi_3MtwBwLkdIwHu7ix28a3tqPa")]
    pub provider_payment_id: Option<Text>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// When it became known that the money was taken, UTC.
    #[schemars(example = "2026-11-21T10:00:01.123456Z")]
    pub settled_at: Option<Timestamp>,
    /// Until when it waits, or waited, for its customer, UTC; null if it never did. Repeat the request that made it to read
    /// again what the customer has to do.
    #[schemars(example = None::<Timestamp>)]
    pub waiting_until: Option<Timestamp>,
    /// The number of this version; the same as in `ETag`.
    #[schemars(range(min = 1), example = 2)]
    pub version: i64,
}

impl Listed for Payment {
    const LIST: &'static str = "/api/v1/payments";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

/// The payment as a reply; no row for an unknown one or another clinic's.
pub(super) fn payment(clinic: Uuid, id: Uuid) -> Statement<Payment> {
    Statement::new(
        "billing.payment",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', p.id, 'patientId', p.patient_id, 'orderId', p.order_id, 'status', p.status,
                    'amountMinor', p.amount_minor, 'currency', p.currency, 'method', p.method,
                    'description', p.description, 'refundedMinor', p.refunded_minor,
                    'disputed', p.disputed_at IS NOT NULL, 'review', p.review, 'failureCode', p.failure_code,
                    'declineCode', p.decline_code, 'transactionId', p.transaction_id, 'receiptId', r.id,
                    'providerPaymentId', p.provider_payment_id, 'createdAt', p.created_at, 'settledAt', p.settled_at, 'waitingUntil', p.waiting_until,
                    'version', p.version)::text, true) AS reply
           FROM billing.payments AS p
           LEFT JOIN billing.receipts AS r ON r.clinic_id = p.clinic_id AND r.transaction_id = p.transaction_id
          WHERE p.clinic_id = $1
            AND p.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}

/// Where a payment is read.
pub(super) fn address(id: Uuid) -> String {
    format!("/api/v1/payments/{id}")
}
