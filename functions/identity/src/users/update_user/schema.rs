//! What comes in and how it fails.

use crate::users::MemberStatus;
use crate::users::member::USER_NOT_FOUND;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Role;
use shared::failures;
use shared::http::Fields;
use shared::validation::{Replace, Text, without_link};
use validator::Validate;

/// What to change. A field that is absent stays.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberPatch {
    /// The person's name.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Ana Souza")]
    pub name: Replace<Text>,
    /// What the person is in this clinic.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[schemars(example = Role::Clinician)]
    pub role: Replace<Role>,
    /// Whether the person may sign in.
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[schemars(example = MemberStatus::Active)]
    pub status: Replace<MemberStatus>,
}

impl MemberPatch {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.name.is_keep() && !self.names_access()
    }

    /// Whether it says what the person may do, and not only what the person is called.
    pub fn names_access(&self) -> bool {
        !(self.role.is_keep() && self.status.is_keep())
    }
}

impl Fields for MemberPatch {}

failures! {
    /// How changing a member can fail.
    pub enum UpdateUserFailure {
        /// This clinic has no such member.
        UserNotFound = USER_NOT_FOUND, violates ["user_exists"];
        /// The member is an owner, or is to become one, or is the caller, who would have another role; and the caller is none.
        OwnerRequired = 403 "OWNER_REQUIRED", "Only for owners",
            "Only an owner makes somebody an owner, changes one, or changes the own role. Ask an owner of the clinic.",
            violates ["owner_required"];
        /// The caller would lock itself out.
        CannotDisableOneself = 422 "CANNOT_DISABLE_ONESELF", "Nobody disables themselves",
            "You cannot disable yourself. Ask another owner or admin of the clinic.",
            at "/status", violates ["not_oneself"];
        /// Nobody would be left who may do everything.
        LastOwnerStays = 409 "LAST_OWNER_STAYS", "The last owner stays",
            "The clinic would have no active owner any more. Make somebody else an owner first.",
            violates ["last_owner_stays"];
    }
}
