//! What comes in and how it fails.

use crate::auth::credentials::COMMON_PASSWORD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Password;
use validator::Validate;

/// The password of now, and the new one.
// The example is the demo login of the one-machine server.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChange {
    /// The password of now.
    #[validate(length(min = 1, max = 1024))]
    #[schemars(example = "demo-on-one-machine")]
    pub current_password: Password,
    /// 8–1024 characters, no common password, not the address or a name.
    #[validate(length(min = 8, max = 1024))]
    #[schemars(example = "a long and lonely road")]
    pub new_password: Password,
}

impl Fields for PasswordChange {}

failures! {
    /// How changing the password can fail.
    pub enum ChangePasswordFailure {
        /// It is not the password of now, or is no more.
        PasswordWrong = 422 "PASSWORD_WRONG", "Wrong password",
            "This is not the password of your account. Type it anew, or have a link mailed to you to choose another one.",
            at "/currentPassword", violates ["password_unchanged"];
        /// Attackers try it first, or it is the account's own words.
        CommonPassword = COMMON_PASSWORD, at "/newPassword";
    }
}
