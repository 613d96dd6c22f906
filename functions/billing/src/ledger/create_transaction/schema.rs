//! What comes in, what goes out, how it fails.

use crate::currency::{CURRENCY, CURRENCY_MISMATCH, INVALID_CURRENCY, currency};
use crate::ledger::transaction::Source;
use crate::ledger::transfer::{Kind, Method, TransactionIds};
use crate::payer::Payer;
use crate::payments::{CARD_DATA_NOT_ACCEPTED, no_card_data};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::{Fields, refused_by};
use shared::validation::{FullDate, Id, MaybeValue, Text};
use std::borrow::Cow;
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// The pattern of the days from 1900 on, for the contract.
const OCCURRED_ON: &str = "^(19[0-9]{2}|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$";

/// Money taken or paid by hand, or something that the patient owes.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = method_fits, skip_on_field_errors = false))]
#[validate(schema(function = source_fits, skip_on_field_errors = false))]
#[validate(schema(function = payer_fits, skip_on_field_errors = false))]
pub struct NewTransaction {
    /// Whose balance moves.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Id,
    /// What it is: money taken, money paid, or something that the patient owes.
    #[serde(rename = "type")]
    #[schemars(example = &"income")]
    pub kind: Kind,
    /// In minor units of the currency: 1 to 99 999 999 999.
    #[validate(range(min = 1, max = 99_999_999_999_i64))]
    #[schemars(example = 15_000)]
    pub amount_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[validate(custom(function = currency))]
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: Text,
    /// How it was paid. An income and an expense have one, a charge has none.
    #[schemars(example = &"pix")]
    pub method: Option<Method>,
    /// What for.
    #[validate(length(min = 1, max = 500), custom(function = no_card_data))]
    #[schemars(example = "Session of 21 November")]
    pub description: Option<Text>,
    // What is left out is not written, so that a request of before these fields keeps its fingerprint.
    /// What is charged for. A charge has one, and nothing else has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = None::<NewSource>)]
    pub source: Option<NewSource>,
    /// The day in the clinic's zone, `YYYY-MM-DD`, for what was on a day before: 1900-01-01 or later. Today unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = day))]
    #[schemars(regex(pattern = OCCURRED_ON), example = "2026-01-15")]
    pub occurred_on: Option<FullDate>,
    /// Who paid an income, where that is not the patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub payer: Option<Payer>,
}

/// What a charge is for: something outside Grafono.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSource {
    /// What kind of thing.
    #[schemars(example = NewSourceKind::External)]
    pub kind: NewSourceKind,
    /// The thing's id, by which it is charged once.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Id,
}

/// The kind of thing that may be charged for by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewSourceKind {
    /// Something outside Grafono.
    External,
}

/// By hand: derived, it would be a choice of one, which the contract's lint refuses.
impl JsonSchema for NewSourceKind {
    fn schema_name() -> Cow<'static, str> {
        "NewSourceKind".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "enum": ["external"],
            "description": "The kind of thing that may be charged for by hand: something outside Grafono.",
        })
    }
}

const METHOD_REQUIRED: Problem = Problem::new(
    400,
    "METHOD_REQUIRED",
    "How was it paid?",
    "An income and an expense were paid in some way. Send the method.",
)
.at("/method");
const SOURCE_REQUIRED: Problem = Problem::new(
    400,
    "SOURCE_REQUIRED",
    "What is charged for?",
    "A charge is for one thing, which is charged once. Send the source with kind external and the thing's id.",
)
.at("/source");
const NOT_OF_THIS_TYPE: Problem = Problem::new(
    400,
    "NOT_OF_THIS_TYPE",
    "Not of this type",
    "A transaction of this type does not have the field: an income and an expense have a method, an income may have a payer, and a charge has a source. Leave the field out.",
);
const OCCURRED_ON_TOO_EARLY: Problem =
    Problem::new(400, "OCCURRED_ON_TOO_EARLY", "Day too early", "Send a day of 1900-01-01 or later.")
        .at("/occurredOn");

impl Fields for NewTransaction {
    const RULES: &'static [Problem] = &[
        INVALID_CURRENCY,
        CARD_DATA_NOT_ACCEPTED,
        METHOD_REQUIRED,
        SOURCE_REQUIRED,
        NOT_OF_THIS_TYPE,
        OCCURRED_ON_TOO_EARLY,
    ];
}

/// The refusal of a field that the type cannot be without, by that problem, or does not have.
fn judged(belongs: bool, is_there: bool, field: &str, required: &Problem) -> Result<(), ValidationError> {
    match (belongs, is_there) {
        (true, false) => Err(refused_by("type", field, required, "is required for this type")),
        (false, true) => Err(refused_by("type", field, &NOT_OF_THIS_TYPE, "does not go with this type")),
        _ => Ok(()),
    }
}

fn method_fits(new: &NewTransaction) -> Result<(), ValidationError> {
    judged(new.kind.moves_money(), new.method.is_some(), "method", &METHOD_REQUIRED)
}

fn source_fits(new: &NewTransaction) -> Result<(), ValidationError> {
    judged(!new.kind.moves_money(), new.source.is_some(), "source", &SOURCE_REQUIRED)
}

fn payer_fits(new: &NewTransaction) -> Result<(), ValidationError> {
    let is_there = new.payer.is_some();
    judged(is_there && new.kind == Kind::Income, is_there, "payer", &NOT_OF_THIS_TYPE)
}

/// From 1900 on. Which day it is at the clinic, the statement knows.
fn day(day: &impl MaybeValue<FullDate>) -> Result<(), ValidationError> {
    if day.given().is_none_or(|day| day.date() >= Date::constant(1900, 1, 1)) {
        return Ok(());
    }
    let refused = ValidationError::new(OCCURRED_ON_TOO_EARLY.code);
    Err(refused.with_message(Cow::Borrowed("must be 1900-01-01 or later")))
}

/// The transaction as recorded.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RecordedTransaction")]
pub struct Recorded {
    /// Its ids.
    #[serde(flatten)]
    pub ids: TransactionIds,
    /// Whose balance moved.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// What it is.
    #[serde(rename = "type")]
    #[schemars(example = Kind::Income)]
    pub kind: Kind,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// What is charged for; null but for a charge.
    #[schemars(example = None::<Source>)]
    pub source: Option<Source>,
    /// Its receipt; null but for an income.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// The receipt's number, counted by the clinic from 1 without a gap; null but for an income.
    #[schemars(range(min = 1), example = 1)]
    pub receipt_number: Option<i64>,
    /// The day in the clinic's zone, `YYYY-MM-DD`; null where a key repeats a request of before there was one.
    #[schemars(example = "2026-11-21")]
    pub occurred_on: Option<FullDate>,
    /// The patient's balance just after; positive when in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

failures! {
    /// How recording a transaction can fail.
    pub enum CreateTransactionFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::ledger::PATIENT_NOT_FOUND, at "/patientId", violates ["balances_patient_fkey"];
        /// The clinic is paid in another currency.
        CurrencyMismatch = CURRENCY_MISMATCH, violates ["balances_currency_fkey", "transfers_balance_fkey"];
        /// The thing was charged for before.
        SourceAlreadyCharged = 409 "SOURCE_ALREADY_CHARGED", "Charged before",
            "This source was charged for before, and that counts though the charge was taken back. Send another id for another thing.",
            at "/source", violates ["transfers_one_a_source"];
        /// It is tomorrow, or later.
        OccurredOnInFuture = 422 "OCCURRED_ON_IN_FUTURE", "That day has not come",
            "What is recorded has happened. Send the clinic's today or a day before, or none for today.",
            at "/occurredOn", violates ["occurred_on_has_come"];
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = crate::ledger::CLOCKS_DISAGREE, violates ["clocks_agree"];
    }
}
