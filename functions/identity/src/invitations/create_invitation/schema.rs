//! What comes in and how it fails.

use crate::auth::email;
use crate::invitations::InvitedRole;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::{Text, without_link};
use validator::Validate;

/// Somebody who is invited.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitation {
    /// What the person is called.
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Bia Lima")]
    pub name: Text,
    /// Where the link is mailed to; the person will sign in with this address.
    #[validate(email, length(max = 254), custom(function = email::at_whole_domain))]
    #[schemars(example = "bia@example.com")]
    pub email: Text,
    /// What the person will be in this clinic.
    #[schemars(example = InvitedRole::Clinician)]
    pub role: InvitedRole,
}

impl Fields for NewInvitation {}

failures! {
    /// How inviting can fail.
    pub enum CreateInvitationFailure {
        /// The clinic has a member with this address, active or disabled.
        AlreadyAMember = 409 "ALREADY_A_MEMBER", "Already a member",
            "Somebody with this address is a user of the clinic. If disabled, enable the user instead.",
            at "/email", violates ["not_yet_a_member"];
    }
}
