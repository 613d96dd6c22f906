//! What comes in and how it fails.

use crate::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::failure::Problem;
use shared::failures;
use shared::input::Fields;
use shared::validation::{FullDate, MultilineText, Patch, Replace, Text};
use validator::Validate;

/// What to change. A field that is absent stays, null clears it.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(context = Timestamp)]
pub struct PatientPatch {
    /// The full name; it cannot be cleared.
    #[serde(default)]
    #[validate(length(min = 1, max = 255))]
    pub full_name: Replace<Text>,
    /// From 1900 to today.
    #[serde(default)]
    #[validate(custom(function = fields::birth_date, use_context))]
    pub birth_date: Patch<FullDate>,
    /// E.164.
    #[serde(default)]
    #[validate(custom(function = fields::phone))]
    pub phone: Patch<Text>,
    /// An e-mail address.
    #[serde(default)]
    #[validate(email, length(max = 254))]
    pub email: Patch<Text>,
    /// An identity document; unique within the clinic, whatever its punctuation.
    #[serde(default)]
    #[validate(length(min = 1, max = 64), custom(function = fields::document))]
    pub document: Patch<Text>,
    /// Free text; not clinical notes.
    #[serde(default)]
    #[validate(length(min = 1, max = 5000))]
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
        PatientNotFound = 404 "PATIENT_NOT_FOUND", "No such patient",
            "This clinic has no patient with this id, or the patient is archived.", violates ["patient_exists"];
        /// The document is another patient's.
        DuplicatePatient = 409 "DUPLICATE_PATIENT", "Duplicate patient",
            "A patient of this clinic has this document. Open that patient instead, or correct the document.",
            at "/document", violates ["patients_document_unique"];
    }
}
