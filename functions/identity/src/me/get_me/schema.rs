//! What goes out.

use crate::auth::session::{Clinic, User};
use schemars::JsonSchema;
use serde::Serialize;

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
