//! What comes in, what goes out, how it fails.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Secret;
use validator::Validate;

/// The token of the link.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailToken {
    /// What stands behind `token=` in the link, as it is.
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = &"AYkKXayWd0u8zrMCCZqAVwEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB")]
    pub token: Secret,
}

impl Fields for EmailToken {}

/// Since when the address is known to be its owner's.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedEmail {
    /// UTC; of the first time.
    #[schemars(example = "2026-11-21T10:00:00Z")]
    pub email_verified_at: Timestamp,
}

failures! {
    /// How confirming an address can fail.
    pub enum VerifyEmailFailure {
        /// No such token was handed out.
        VerificationNotFound = 404 "VERIFICATION_NOT_FOUND", "No such verification",
            "This is not a token that was mailed. Take the link as it stands in the mail.",
            violates ["email_verification_known"];
        /// It was not used in time.
        VerificationExpired = 410 "VERIFICATION_EXPIRED", "Verification expired",
            "This link was good for 24 hours.", violates ["email_verification_unexpired"];
    }
}
