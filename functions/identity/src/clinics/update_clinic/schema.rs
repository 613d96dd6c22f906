//! What comes in and how it fails.

use crate::clinics::fields;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::mail::Language;
use shared::validation::{Patch, Replace, Text, without_link};
use validator::Validate;

/// What to change. A field that is absent stays; of the others only `providerAccount` and what receipts show can be cleared.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClinicPatch {
    /// The clinic's name.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Clínica Aurora")]
    pub name: Replace<Text>,
    /// IANA time zone.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(custom(function = fields::time_zone))]
    #[schemars(example = "America/Sao_Paulo")]
    pub time_zone: Replace<Text>,
    /// ISO 4217 currency of everything the clinic is paid; it stays once money was recorded in it.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(custom(function = fields::currency))]
    #[schemars(regex(pattern = fields::CURRENCY), example = &"BRL")]
    pub currency: Replace<Text>,
    /// The language that the clinic and its patients are written to in.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[schemars(example = Language::Portuguese)]
    pub language: Replace<Language>,
    /// Whether the clinic wants its people to give a second factor. It is noted only: nothing asks for one yet.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[schemars(example = false)]
    pub second_factor_required: Replace<bool>,
    /// The clinic's own account at the payment provider; null for that of whoever runs Grafono. An owner alone changes it. What
    /// was asked for before stays where it was.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(custom(function = fields::provider_account))]
    #[schemars(regex(pattern = fields::PROVIDER_ACCOUNT), example = &"acct_1MtwBwLkdIwHu7ix")]
    pub provider_account: Patch<Text>,
    /// The name that its receipts bear; null for `name`.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Clínica Aurora Ltda.")]
    pub legal_name: Patch<Text>,
    /// CPF or CNPJ, without dots and strokes, for its receipts.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(custom(function = fields::document))]
    #[schemars(regex(pattern = fields::DOCUMENT), example = &"11222333000181")]
    pub document: Patch<Text>,
    /// Where it is, in one line, for its receipts.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(length(min = 1, max = 500))]
    #[schemars(example = "Rua das Flores, 10, São Paulo")]
    pub address: Patch<Text>,
    /// Its number at the council of its profession (`CRFa`, CRP, CREFITO), for its receipts.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(length(min = 1, max = 64))]
    #[schemars(example = "CRFa 2-12345")]
    pub council_number: Patch<Text>,
}

impl ClinicPatch {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.name.is_keep()
            && self.time_zone.is_keep()
            && self.currency.is_keep()
            && self.language.is_keep()
            && self.second_factor_required.is_keep()
            && self.provider_account.is_keep()
            && self.legal_name.is_keep()
            && self.document.is_keep()
            && self.address.is_keep()
            && self.council_number.is_keep()
    }
}

impl Fields for ClinicPatch {
    const RULES: &'static [Problem] = &[
        fields::UNKNOWN_TIME_ZONE,
        fields::UNKNOWN_CURRENCY,
        fields::INVALID_PROVIDER_ACCOUNT,
        fields::INVALID_CPF_OR_CNPJ,
    ];
}

failures! {
    /// How editing a clinic can fail.
    pub enum UpdateClinicFailure {
        /// Rows of money are in the currency that the clinic had.
        CurrencyFixed = 422 "CURRENCY_FIXED", "Currency fixed",
            "Money was recorded in the clinic's currency, which stays from then on. Leave the currency as it is.",
            at "/currency", violates foreign keys by "identity.update_clinic";
        /// Somebody who is no owner says where the money goes.
        AccountIsTheOwners = 403 "ACCOUNT_IS_THE_OWNERS", "Only for owners",
            "Only an owner says to which account cards are charged. Ask an owner of the clinic.",
            at "/providerAccount";
    }
}
