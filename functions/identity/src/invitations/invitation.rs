//! An invitation as the slices share it: the reply, who may be invited as what, and what a link is worth.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Role;
use shared::database::{Columns, DecodeError, Statement};
use shared::failure::Problem;
use shared::http::Listed;
use shared::validation::Text;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// For how long an invitation is good.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The event of a new invitation.
pub(super) const CREATED: &str = "invitation.created";

/// No such invitation is open, or no such link was mailed.
pub(super) const INVITATION_NOT_FOUND: Problem = Problem::new(
    404,
    "INVITATION_NOT_FOUND",
    "No such invitation",
    "There is no such invitation, or none that is open. Take a link as it stands in the mail, an id as the list has it.",
);

/// What somebody may be invited as. An owner is made of a member, by another owner.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(description = "What somebody may be invited as. An owner is made of a member, by another owner.")]
pub enum InvitedRole {
    /// Runs the clinic day to day.
    Admin,
    /// Treats people.
    Clinician,
    /// Takes calls, books, receives payments.
    FrontDesk,
    /// Keeps the books.
    Accountant,
}

impl InvitedRole {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl From<InvitedRole> for Role {
    fn from(role: InvitedRole) -> Self {
        match role {
            InvitedRole::Admin => Self::Admin,
            InvitedRole::Clinician => Self::Clinician,
            InvitedRole::FrontDesk => Self::FrontDesk,
            InvitedRole::Accountant => Self::Accountant,
        }
    }
}

/// An open invitation, as the owners and admins see it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// What the person will be called; 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Bia Lima")]
    pub name: Text,
    /// Where the link was mailed to.
    #[schemars(email, length(max = 254), example = "bia@example.com")]
    pub email: Text,
    /// What the person will be in this clinic.
    #[schemars(example = InvitedRole::Clinician)]
    pub role: InvitedRole,
    /// The user who invites.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub invited_by: Uuid,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// UTC; seven days later.
    #[schemars(example = "2026-11-28T10:00:00.123456Z")]
    pub expires_at: Timestamp,
}

impl Invitation {
    pub(super) fn decode(columns: &Columns<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: columns.get("id")?,
            name: columns.text("name")?,
            email: columns.text("email")?,
            role: columns.parsed("role")?,
            invited_by: columns.get("invited_by")?,
            created_at: columns.get("created_at")?,
            expires_at: columns.get("expires_at")?,
        })
    }
}

impl Listed for Invitation {
    const LIST: &'static str = "/api/v1/invitations";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

/// The names of the roles that invite. Whoever has none of them any more, or is disabled, has no open invitations; one that was on
/// its way meanwhile is void.
pub(crate) fn inviting_roles() -> Vec<&'static str> {
    crate::WRITE_USERS.roles.iter().map(|role| role.name()).collect()
}

/// The invitation as a reply.
pub(super) fn invitation(clinic: Uuid, id: Uuid) -> Statement<Invitation> {
    Statement::new(
        "identity.invitation",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', id, 'name', name, 'email', email, 'role', role, 'invitedBy', invited_by,
                    'createdAt', created_at, 'expiresAt', expires_at)::text, true) AS reply
           FROM identity.invitations
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
