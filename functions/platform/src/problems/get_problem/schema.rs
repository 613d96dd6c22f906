//! What comes in, what goes out, how it fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Text;
use validator::Validate;

/// `{code}` of the path: the problem's code in kebab-case.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProblemPath {
    /// E.g. `invalid-phone`.
    #[validate(length(min = 1, max = 64))]
    #[schemars(example = &"invalid-phone")]
    pub code: Text,
}

impl Fields for ProblemPath {}

/// What a problem means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemPage {
    /// The code in `error.code`.
    #[schemars(regex(pattern = "^[A-Z][A-Z0-9_]*$"), example = &"INVALID_PHONE")]
    pub code: String,
    /// The status it comes with.
    #[schemars(range(min = 400, max = 599), example = 400)]
    pub status: u16,
    /// The same for every occurrence.
    #[schemars(example = "Invalid phone number")]
    pub title: String,
    /// What went wrong and what to do about it.
    #[schemars(example = "Send the number in the international form of E.164.")]
    pub detail: String,
}

failures! {
    /// How reading about a problem can fail.
    pub enum GetProblemFailure {
        /// No problem has this code.
        ProblemNotFound = 404 "PROBLEM_NOT_FOUND", "No such problem", "No problem of this API has this code.";
    }
}
