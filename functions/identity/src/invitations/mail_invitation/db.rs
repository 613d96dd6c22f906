use super::logic::Guest;
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Who is invited, by whom and where; no row when the invitation is over.
pub(super) fn guest(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<Guest> {
    Statement::new(
        "identity.invitation_guest",
        "SELECT i.email, i.name, inviter.name AS inviter_name, c.name AS clinic_name, c.language
           FROM identity.invitations AS i
           JOIN identity.memberships AS inviter ON inviter.clinic_id = i.clinic_id AND inviter.id = i.invited_by
           JOIN identity.clinics AS c ON c.id = i.clinic_id
          WHERE i.clinic_id = $1
            AND i.id = $2
            AND i.ended_at IS NULL
            AND i.expires_at > $3",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
    .decode(|columns| {
        Ok(Guest {
            email: columns.text("email")?,
            name: columns.text("name")?,
            inviter_name: columns.text("inviter_name")?,
            clinic_name: columns.text("clinic_name")?,
            language: columns.parsed("language")?,
        })
    })
}

pub(super) fn set_token(clinic: Uuid, id: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.set_invitation_token",
        "UPDATE identity.invitations
            SET token_hash = $3, updated_at = $4
          WHERE clinic_id = $1
            AND id = $2
            AND ended_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .bind(token_hash)
    .bind(now)
}
