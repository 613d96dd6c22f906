//! What comes in, what goes out, how it fails.

use http::StatusCode;
use http::header::{HeaderValue, VARY};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use shared::failure::Fault;
use shared::failures;
use shared::http::{Answer, Fields, Reply, Response};
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

/// The same in the form asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// JSON.
    ForPrograms(ProblemPage),
    /// HTML.
    ForPeople(String),
}

impl Answer for Explanation {
    fn respond(self) -> Result<Response, Fault> {
        let mut response = match self {
            Self::ForPrograms(page) => Reply::ok(page).respond()?,
            Self::ForPeople(html) => {
                Response::with_body(StatusCode::OK, "text/html; charset=utf-8", html.into_bytes())
            }
        };
        response.headers.insert(VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }

    fn data_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Reply::<ProblemPage>::data_schema(generator)
    }
}

failures! {
    /// How reading about a problem can fail.
    pub enum GetProblemFailure {
        /// No problem has this code.
        ProblemNotFound = 404 "PROBLEM_NOT_FOUND", "No such problem", "No problem of this API has this code.";
    }
}
