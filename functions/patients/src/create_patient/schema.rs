//! What comes in and how it fails.

use crate::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::{FullDate, MultilineText, Text};
use validator::Validate;

/// A patient to add.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(context = Timestamp)]
pub struct NewPatient {
    /// The full name.
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = "Beatriz Lima")]
    pub full_name: Text,
    /// From 1900 to today.
    #[validate(custom(function = fields::birth_date, use_context))]
    #[schemars(regex(pattern = fields::BIRTH_DATE), example = "1990-04-23")]
    pub birth_date: Option<FullDate>,
    /// E.164.
    #[validate(custom(function = fields::phone))]
    #[schemars(regex(pattern = fields::PHONE), example = "+5511987654321")]
    pub phone: Option<Text>,
    /// An e-mail address.
    #[validate(email, length(max = 254))]
    #[schemars(example = "beatriz@example.com")]
    pub email: Option<Text>,
    /// An identity document; unique within the clinic, whatever its punctuation.
    #[validate(length(min = 1, max = 64), custom(function = fields::document))]
    #[schemars(example = "123.456.789-09")]
    pub document: Option<Text>,
    /// Free text; not clinical notes.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(example = "Prefers mornings.")]
    pub notes: Option<MultilineText>,
}

impl Fields for NewPatient {
    const RULES: &'static [Problem] = fields::RULES;
}

failures! {
    /// How adding a patient can fail.
    pub enum CreatePatientFailure {
        /// The document is another patient's.
        DuplicatePatient = crate::patient::DUPLICATE_PATIENT, violates ["patients_document_unique"];
    }
}
