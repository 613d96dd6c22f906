//! What comes in and how it fails.

use crate::auth::credentials::COMMON_PASSWORD;
use crate::auth::session::RefreshIn;
use crate::invitations::invitation::INVITATION_NOT_FOUND;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::{Password, Secret, Text, without_link};
use validator::Validate;

/// The token of the link, and a password.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// What stands behind `token=` in the link, as it is.
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = &"AYkKXayWd0u8zrMCCZqAVwQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE")]
    pub token: Secret,
    /// Of somebody new: 8–1024 characters, no common password, not the address or a name. Of somebody who has an account
    /// with the invited address: its password.
    #[validate(length(min = 8, max = 1024))]
    #[schemars(example = "demo-on-one-machine")]
    pub password: Password,
    /// Where the refresh token travels; `body` unless given.
    pub refresh_in: Option<RefreshIn>,
    /// What this device is called in the list of sessions and in mails about them, e.g. `Reception`.
    #[validate(length(min = 1, max = 120), custom(function = without_link))]
    pub device_name: Option<Text>,
}

impl Fields for Acceptance {}

failures! {
    /// How accepting an invitation can fail.
    pub enum AcceptInvitationFailure {
        /// No such token was mailed.
        InvitationNotFound = INVITATION_NOT_FOUND, violates ["invitation_known"];
        /// It was used, withdrawn or replaced, is too old, or whoever sent it may not invite any more.
        InvitationExpired = 410 "INVITATION_EXPIRED", "Invitation expired",
            "An invitation is good once, for seven days, until it is withdrawn or replaced. Ask the clinic for another one.",
            violates ["invitation_usable"];
        /// An account has the address, and this is not its password.
        AccountExists = 422 "ACCOUNT_EXISTS", "This address has an account",
            "Give the password of your account. If you forgot it, have a link mailed to choose another one, then come back.",
            at "/password", violates ["credentials_unchanged", "accounts_email_unique"];
        /// Attackers try it first, or it is the account's own words.
        CommonPassword = COMMON_PASSWORD, at "/password";
    }
}
