//! What comes in and how it fails.

use crate::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::{FullDate, MultilineText, Patch, Replace, Text};
use validator::Validate;

/// What to change. A field that is absent stays, null clears it.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(context = Timestamp)]
pub struct PatientPatch {
    /// The full name; it cannot be cleared.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = "Beatriz Lima")]
    pub full_name: Replace<Text>,
    /// From 1900 to today.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(custom(function = fields::birth_date, use_context))]
    #[schemars(regex(pattern = fields::BIRTH_DATE), example = "1990-04-23")]
    pub birth_date: Patch<FullDate>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(custom(function = fields::phone))]
    #[schemars(regex(pattern = fields::PHONE), example = "+5511987654321")]
    pub phone: Patch<Text>,
    /// An e-mail address.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(email, length(max = 254))]
    #[schemars(example = "beatriz@example.com")]
    pub email: Patch<Text>,
    /// An identity document; unique within the clinic, whatever its punctuation.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(length(min = 1, max = 64), custom(function = fields::document))]
    #[schemars(example = "987.654.321-00")]
    pub document: Patch<Text>,
    /// Free text; not clinical notes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(length(min = 1, max = 5000))]
    #[schemars(example = "Prefers mornings.")]
    pub notes: Patch<MultilineText>,
}

impl PatientPatch {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.full_name.is_keep()
            && self.birth_date.is_keep()
            && self.phone.is_keep()
            && self.email.is_keep()
            && self.document.is_keep()
            && self.notes.is_keep()
    }
}

impl Fields for PatientPatch {
    const RULES: &'static [Problem] = fields::RULES;
}

failures! {
    /// How editing a patient can fail.
    pub enum UpdatePatientFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::patient::PATIENT_NOT_FOUND, violates ["patient_exists"];
        /// The document is another patient's.
        DuplicatePatient = crate::patient::DUPLICATE_PATIENT, violates ["patients_document_unique"];
    }
}
