//! What comes in and how it fails.

use crate::auth::credentials::COMMON_PASSWORD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::{Password, Secret};
use validator::Validate;

/// The token of the link, and the new password.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPassword {
    /// What stands behind `token=` in the link, as it is.
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = &"AYkKXayWd0u8zrMCCZqAWgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD")]
    pub token: Secret,
    /// 8–1024 characters, no common password, not the address or a name.
    #[validate(length(min = 8, max = 1024))]
    #[schemars(example = "a long and lonely road")]
    pub password: Password,
}

impl Fields for NewPassword {}

failures! {
    /// How choosing a new password can fail.
    pub enum ConfirmPasswordResetFailure {
        /// No such token was mailed.
        PasswordResetNotFound = 404 "PASSWORD_RESET_NOT_FOUND", "No such link",
            "This is not a token that was mailed. Take the link as it stands in the mail.",
            violates ["password_reset_known"];
        /// It was used, is too old, or a newer one was mailed.
        PasswordResetExpired = 410 "PASSWORD_RESET_EXPIRED", "Link expired",
            "A link is good for 30 minutes and once, until a newer one is mailed. Ask for another one.",
            violates ["password_reset_usable"];
        /// Attackers try it first, or it is the account's own words.
        CommonPassword = COMMON_PASSWORD, at "/password";
    }
}
