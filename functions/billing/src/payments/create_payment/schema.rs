//! What comes in, what goes out, how it fails.

use crate::currency::{CURRENCY, CURRENCY_MISMATCH, INVALID_CURRENCY, currency};
use crate::ledger::PATIENT_NOT_FOUND;
use crate::payer::Payer;
use crate::payments::PaymentStatus;
use crate::payments::card::{
    CARD_DATA_NOT_ACCEPTED, INVALID_PAYMENT_METHOD, PAYMENT_METHOD, no_card_data, payment_method,
};
use crate::payments::next_action::NextAction;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::failure::{Failure, Problem};
use shared::http::Fields;
use shared::validation::{Id, Text};
use uuid::Uuid;
use validator::Validate;

/// By what money is taken, and what for.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPayment {
    /// Who owes less by it.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Id,
    /// In minor units of the currency: 1 to 99 999 999.
    #[validate(range(min = 1, max = 99_999_999_i64))]
    #[schemars(example = 15_000)]
    pub amount_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[validate(custom(function = currency))]
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: Text,
    /// `pix`, or the provider's id of the card as its own form gives it: `pm_…`, `tok_…`. Never a card's number.
    #[validate(length(min = 3, max = 124), custom(function = payment_method))]
    #[schemars(regex(pattern = PAYMENT_METHOD), example = &"pm_card_visa")]
    pub payment_method: Text,
    /// What for.
    #[validate(length(min = 1, max = 500), custom(function = no_card_data))]
    #[schemars(example = "Session of 21 November")]
    pub description: Option<Text>,
    /// Who pays, where that is not the patient.
    #[validate(nested)]
    pub payer: Option<Payer>,
}

impl Fields for NewPayment {
    const RULES: &'static [Problem] = &[INVALID_CURRENCY, CARD_DATA_NOT_ACCEPTED, INVALID_PAYMENT_METHOD];
}

/// A payment and what became of it. Once it succeeded none of this changes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentOutcome {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub payment_id: Uuid,
    /// The same as `paymentId`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// Its transaction; null while it is pending.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Option<Uuid>,
    /// Its receipt; null while it is pending.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// The receipt's number, counted by the clinic from 1 without a gap; null while it is pending.
    #[schemars(range(min = 1), example = 1)]
    pub receipt_number: Option<i64>,
    /// `succeeded`, or `pending` while nobody knows.
    #[schemars(example = PaymentStatus::Succeeded)]
    pub status: PaymentStatus,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The patient's balance just after, positive when in credit; null while it is pending.
    #[schemars(example = 15_000)]
    pub balance_minor: Option<i64>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// When it became known that the money was taken, UTC; null while it is pending.
    #[schemars(example = "2026-11-21T10:00:01.123456Z")]
    pub settled_at: Option<Timestamp>,
    /// What the customer has to do before it goes on; null when nothing.
    #[schemars(example = None::<NextAction>)]
    pub next_action: Option<NextAction>,
}

/// How taking a card can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreatePaymentFailure {
    /// This clinic has no such patient.
    PatientNotFound,
    /// The clinic is paid in another currency.
    CurrencyMismatch,
    /// The provider does not charge this currency, or not this amount of it.
    CurrencyNotChargeable,
    /// Another payment of the patient is pending.
    PaymentPending,
    /// The bank said no.
    CardDeclined(String),
    /// The provider did not take the card or the amount.
    PaymentRefused(String),
    /// The outcome was found out meanwhile: nothing was taken.
    PaymentNotCharged,
    /// The provider was not asked.
    ProviderUnavailable,
    /// There is no provider.
    PaymentsNotSetUp,
}

const CURRENCY_NOT_CHARGEABLE: Problem = Problem::new(
    422,
    "CURRENCY_NOT_CHARGEABLE",
    "Not chargeable in this currency",
    "Cards are not charged in this currency, or not to this last digit of it, and a Pix is paid in BRL alone. Take the money in another way, or send a round amount.",
)
.at("/amountMinor");
const PAYMENT_PENDING: Problem = Problem::new(
    409,
    "PAYMENT_PENDING",
    "Another payment is pending",
    "A payment of this patient is pending, and may still be charged. Ask for it by GET /api/v1/payments?patientId=…&status=pending; wait, or cancel it.",
);
const CARD_DECLINED: Problem = Problem::new(
    402,
    "CARD_DECLINED",
    "Card declined",
    "The bank declined the card; declineCode says why, as far as it tells. Take another card, under a new Idempotency-Key.",
);
const PAYMENT_REFUSED: Problem = Problem::new(
    422,
    "PAYMENT_REFUSED",
    "Payment refused",
    "The payment provider does not take this card or this amount; failureCode says why. Nothing was charged. Read the card anew and send a new Idempotency-Key.",
);
const PAYMENT_NOT_CHARGED: Problem = Problem::new(
    409,
    "PAYMENT_NOT_CHARGED",
    "Not charged",
    "This payment was given up, and nothing was charged. Send it again with a new Idempotency-Key.",
);
const PROVIDER_UNAVAILABLE: Problem = Problem::new(
    503,
    "PROVIDER_UNAVAILABLE",
    "Payment provider unavailable",
    "The payment provider cannot be asked. Nothing was charged. Repeat after the time in Retry-After.",
);
const PAYMENTS_NOT_SET_UP: Problem = Problem::new(
    503,
    "PAYMENTS_NOT_SET_UP",
    "Cards are not taken here",
    "There is no payment provider. Nothing was charged. Whoever runs Grafono sets STRIPE_SECRET_KEY.",
);

/// A bank's word.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the contract's words for a member that is written by hand")]
struct Declined {
    /// Why the card was declined, as far as the bank says.
    #[schemars(length(min = 1, max = 64), example = &"insufficient_funds")]
    decline_code: String,
}

/// The provider's word.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the contract's words for a member that is written by hand")]
struct Refused {
    /// The provider's code.
    #[schemars(length(min = 1, max = 64), example = &"token_already_used")]
    failure_code: String,
}

impl Failure for CreatePaymentFailure {
    const PROBLEMS: &'static [Problem] = &[
        PATIENT_NOT_FOUND.at("/patientId"),
        CURRENCY_MISMATCH,
        CURRENCY_NOT_CHARGEABLE,
        PAYMENT_PENDING,
        CARD_DECLINED,
        PAYMENT_REFUSED,
        PAYMENT_NOT_CHARGED,
        PROVIDER_UNAVAILABLE,
        PAYMENTS_NOT_SET_UP,
    ];

    fn problem(&self) -> &'static Problem {
        const NO_PATIENT: &Problem = &PATIENT_NOT_FOUND.at("/patientId");
        match self {
            Self::PatientNotFound => NO_PATIENT,
            Self::CurrencyMismatch => &CURRENCY_MISMATCH,
            Self::CurrencyNotChargeable => &CURRENCY_NOT_CHARGEABLE,
            Self::PaymentPending => &PAYMENT_PENDING,
            Self::CardDeclined(_) => &CARD_DECLINED,
            Self::PaymentRefused(_) => &PAYMENT_REFUSED,
            Self::PaymentNotCharged => &PAYMENT_NOT_CHARGED,
            Self::ProviderUnavailable => &PROVIDER_UNAVAILABLE,
            Self::PaymentsNotSetUp => &PAYMENTS_NOT_SET_UP,
        }
    }

    fn of_constraint(name: &str) -> Option<Self> {
        match name {
            "payments_patient_fkey" => Some(Self::PatientNotFound),
            "payments_currency_fkey" => Some(Self::CurrencyMismatch),
            "payments_one_pending" => Some(Self::PaymentPending),
            _ => None,
        }
    }

    fn extension(&self) -> Map<String, Value> {
        let (member, code) = match self {
            Self::CardDeclined(code) => ("declineCode", code),
            Self::PaymentRefused(code) => ("failureCode", code),
            _ => return Map::new(),
        };
        Map::from_iter([(member.to_owned(), json!(code))])
    }

    fn extension_schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![
            (CARD_DECLINED.code, Declined::json_schema(generator)),
            (PAYMENT_REFUSED.code, Refused::json_schema(generator)),
        ]
    }
}
