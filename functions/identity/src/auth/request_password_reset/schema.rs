//! What comes in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::http::Fields;
use shared::validation::Text;
use validator::Validate;

/// The address of an account.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgottenPassword {
    /// The account's address. What is no address has no account.
    #[validate(length(min = 1, max = 254))]
    #[schemars(example = "demo@grafono.example")]
    pub email: Text,
}

impl Fields for ForgottenPassword {}
