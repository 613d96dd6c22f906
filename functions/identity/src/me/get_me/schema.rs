//! What goes out and how it fails.

use crate::auth::session::{Clinic, User};
use schemars::JsonSchema;
use serde::Serialize;
use shared::failures;

/// The caller.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The clinic signed in to.
    pub clinic: Clinic,
    /// The person signed in, with its role of now.
    pub user: User,
    /// Whether the owner of the address has confirmed it.
    #[schemars(example = true)]
    pub email_verified: bool,
    /// The names of the permissions that the role holds.
    #[schemars(inner(regex(pattern = "^[a-z_]+:[a-z_]+$")), example = ["patients:read", "patients:write"])]
    pub permissions: Vec<&'static str>,
}

failures! {
    /// How asking for oneself can fail.
    pub enum GetMeFailure {
        /// The membership is gone or disabled.
        UserDisabled = 401 "USER_DISABLED", "Access ended",
            "Your access to this clinic was ended. Ask an owner or administrator of the clinic.";
    }
}
