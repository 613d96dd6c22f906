//! What comes in, what goes out, how it fails.

use crate::ledger::transfer::{Kind, Method, TransactionIds};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::{Id, Text};
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// Money taken or paid.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTransaction {
    /// Whose balance moves.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Id,
    /// Which way.
    #[serde(rename = "type")]
    #[schemars(example = &"income")]
    pub kind: Kind,
    /// In minor units of the currency: 1 to 99 999 999 999.
    #[validate(range(min = 1, max = 99_999_999_999_i64))]
    #[schemars(example = 15_000)]
    pub amount_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[validate(custom(function = currency))]
    #[schemars(regex(pattern = "^[A-Z]{3}$"), example = &"BRL")]
    pub currency: Text,
    /// How it was paid.
    #[schemars(example = &"pix")]
    pub method: Method,
    /// What for.
    #[validate(length(min = 1, max = 500))]
    #[schemars(example = "Session of 21 November")]
    pub description: Option<Text>,
}

impl Fields for NewTransaction {
    const RULES: &'static [Problem] = &[Problem::new(
        400,
        "INVALID_CURRENCY",
        "Invalid currency",
        "Send the currency's code of ISO 4217, three capital letters such as BRL.",
    )
    .at("/currency")];
}

/// Three capital letters. Which ones, the clinic's books decide.
fn currency(code: &Text) -> Result<(), ValidationError> {
    let code = code.as_str();
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(ValidationError::new("INVALID_CURRENCY")
        .with_message("must be three capital letters such as BRL".into()))
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
    /// Which way.
    #[serde(rename = "type")]
    #[schemars(example = Kind::Income)]
    pub kind: Kind,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"), example = &"BRL")]
    pub currency: String,
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
        CurrencyMismatch = 422 "CURRENCY_MISMATCH", "Wrong currency",
            "The clinic keeps its books in another currency. Send the amount in that one.",
            at "/currency", violates ["balances_currency_fkey", "transfers_balance_fkey"];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert!(currency(&Text::try_from("BRL").unwrap()).is_ok());
        for bad in ["", "BR", "BRLX", "brl", "000", "ÉÉÉ", "R$L"] {
            let refusal = currency(&Text::try_from(bad).unwrap()).unwrap_err();
            assert_eq!(refusal.code, "INVALID_CURRENCY", "{bad}");
        }
    }
}
