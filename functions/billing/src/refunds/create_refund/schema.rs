//! What comes in, what goes out, how it fails.

use crate::currency::CURRENCY;
use crate::payments::payment::PAYMENT_NOT_FOUND;
use crate::refunds::RefundStatus;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::failure::{Failure, Problem};
use shared::http::Fields;
use shared::validation::Text;
use uuid::Uuid;
use validator::Validate;

/// Money to give back.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRefund {
    /// In minor units of the payment's currency; all that is left unless given.
    #[validate(range(min = 1, max = 99_999_999))]
    #[schemars(example = 5_000)]
    pub amount_minor: Option<i64>,
    /// Why.
    #[validate(length(min = 1, max = 500))]
    #[schemars(example = "The session was cancelled")]
    pub reason: Option<Text>,
}

impl Fields for NewRefund {}

/// The refund as the request left it.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundOutcome {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub refund_id: Uuid,
    /// The same as `refundId`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// The payment that it is of.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a805a")]
    pub payment_id: Uuid,
    /// `succeeded`, or `pending` while nobody knows.
    #[schemars(example = RefundStatus::Succeeded)]
    pub status: RefundStatus,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999), example = 5_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// Its transaction; null while it is pending.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Option<Uuid>,
    /// Its receipt; null while it is pending.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// The receipt's number, counted by the clinic from 1 without a gap; null while it is pending.
    #[schemars(range(min = 1), example = 2)]
    pub receipt_number: Option<i64>,
    /// The patient's balance just after, positive when in credit; null while it is pending.
    #[schemars(example = 10_000)]
    pub balance_minor: Option<i64>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

/// How giving money back can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateRefundFailure {
    /// This clinic has no such payment.
    PaymentNotFound,
    /// No money was taken yet, or at all.
    PaymentNotSettled,
    /// The card's owner has gone to the bank.
    PaymentDisputed,
    /// More than is left.
    RefundExceedsPayment,
    /// Nothing is left.
    NothingToRefund,
    /// There are too many of them.
    TooManyRefunds,
    /// The provider did not give it back.
    RefundRefused(String),
    /// There is no provider.
    PaymentsNotSetUp,
}

const PAYMENT_NOT_SETTLED: Problem = Problem::new(
    409,
    "PAYMENT_NOT_SETTLED",
    "No money was taken",
    "This payment is pending, or it failed: there is nothing to give back. Read the payment; while it is pending, cancel it.",
);
const PAYMENT_DISPUTED: Problem = Problem::new(
    409,
    "PAYMENT_DISPUTED",
    "Payment disputed",
    "The card's owner disputes this payment, and their bank decides. A refund would give the money back twice.",
);
const REFUND_EXCEEDS_PAYMENT: Problem = Problem::new(
    422,
    "REFUND_EXCEEDS_PAYMENT",
    "More than is left",
    "So much is not left of this payment; refunds under way count. Read refundedMinor at the payment, or leave amountMinor out to give back all that is left.",
)
.at("/amountMinor");
const NOTHING_TO_REFUND: Problem = Problem::new(
    409,
    "NOTHING_TO_REFUND",
    "Nothing is left",
    "All of this payment was given back, or is about to be. List its refunds.",
);
const TOO_MANY_REFUNDS: Problem = Problem::new(
    409,
    "TOO_MANY_REFUNDS",
    "Too many refunds",
    "A payment has fifty refunds at most, those that failed included. Give the rest back in another way.",
);
const REFUND_REFUSED: Problem = Problem::new(
    422,
    "REFUND_REFUSED",
    "Refund refused",
    "The payment provider does not give this back; failureCode says why. Nothing was given back. What the reason allows may be tried under a new Idempotency-Key.",
);
const REFUNDS_NOT_SET_UP: Problem = Problem::new(
    503,
    "REFUNDS_NOT_SET_UP",
    "Nothing is given back here",
    "There is no payment provider. Nothing was given back. Whoever runs Grafono sets STRIPE_SECRET_KEY.",
);

/// The provider's word.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the contract's words for a member that is written by hand")]
struct Refused {
    /// The provider's code, or `NOT_REFUNDED`.
    #[schemars(length(min = 1, max = 64), example = &"charge_already_refunded")]
    failure_code: String,
}

impl Failure for CreateRefundFailure {
    const PROBLEMS: &'static [Problem] = &[
        PAYMENT_NOT_FOUND,
        PAYMENT_NOT_SETTLED,
        PAYMENT_DISPUTED,
        REFUND_EXCEEDS_PAYMENT,
        NOTHING_TO_REFUND,
        TOO_MANY_REFUNDS,
        REFUND_REFUSED,
        REFUNDS_NOT_SET_UP,
    ];

    fn problem(&self) -> &'static Problem {
        match self {
            Self::PaymentNotFound => &PAYMENT_NOT_FOUND,
            Self::PaymentNotSettled => &PAYMENT_NOT_SETTLED,
            Self::PaymentDisputed => &PAYMENT_DISPUTED,
            Self::RefundExceedsPayment => &REFUND_EXCEEDS_PAYMENT,
            Self::NothingToRefund => &NOTHING_TO_REFUND,
            Self::TooManyRefunds => &TOO_MANY_REFUNDS,
            Self::RefundRefused(_) => &REFUND_REFUSED,
            Self::PaymentsNotSetUp => &REFUNDS_NOT_SET_UP,
        }
    }

    fn of_constraint(name: &str) -> Option<Self> {
        match name {
            "payment_exists" => Some(Self::PaymentNotFound),
            "payment_settled" => Some(Self::PaymentNotSettled),
            "payment_undisputed" => Some(Self::PaymentDisputed),
            "payments_refunded_within_captured" => Some(Self::RefundExceedsPayment),
            "payment_refunds_few" => Some(Self::TooManyRefunds),
            "refunds_amount_bounds" => Some(Self::NothingToRefund),
            _ => None,
        }
    }

    fn extension(&self) -> Map<String, Value> {
        match self {
            Self::RefundRefused(code) => Map::from_iter([("failureCode".to_owned(), json!(code))]),
            _ => Map::new(),
        }
    }

    fn extension_schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![(REFUND_REFUSED.code, Refused::json_schema(generator))]
    }
}
