//! A member of a clinic as the slices share it: the reply, and the statement that reads it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Role;
use shared::database::Statement;
use shared::failure::Problem;
use shared::http::Listed;
use shared::validation::Text;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// This clinic has no such member.
pub(super) const USER_NOT_FOUND: Problem = Problem::new(
    404,
    "USER_NOT_FOUND",
    "No such user",
    "This clinic has no user with this id. List the users to see who there is.",
);

/// Whether a member may do what its role says, or nothing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MemberStatus {
    /// May sign in and do what the role says.
    Active,
    /// May not sign in; what the member wrote stays.
    Disabled,
}

impl MemberStatus {
    /// The name in JSON and in queries.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A member of a clinic, as the owners and admins see it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The membership's id, `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Ana Souza")]
    pub name: Text,
    /// The account's address.
    #[schemars(email, length(max = 254), example = "ana@example.com")]
    pub email: Text,
    /// What the person is in this clinic.
    #[schemars(example = Role::Clinician)]
    pub role: Role,
    /// Whether the person may sign in.
    #[schemars(example = MemberStatus::Active)]
    pub status: MemberStatus,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// The number of this version; the same as in `ETag`.
    #[schemars(range(min = 1), example = 1)]
    pub version: i64,
}

impl Listed for Member {
    const LIST: &'static str = "/api/v1/users";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

/// The member as a reply; no row for an unknown one.
pub(super) fn member(clinic: Uuid, id: Uuid) -> Statement<Member> {
    Statement::new(
        "identity.member",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', m.id, 'name', m.name, 'email', a.email, 'role', m.role,
                    'status', CASE WHEN m.disabled_at IS NULL THEN 'active' ELSE 'disabled' END,
                    'createdAt', m.created_at, 'version', m.version)::text, true) AS reply
           FROM identity.memberships AS m
           JOIN identity.accounts AS a ON a.id = m.account_id
          WHERE m.clinic_id = $1
            AND m.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
