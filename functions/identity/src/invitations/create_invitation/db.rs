use super::schema::NewInvitation;
use crate::invitations::invitation::{CREATED, LIFETIME};
use jiff::Timestamp;
use shared::access::Principal;
use shared::database::Statement;
use shared::http::Call;
use uuid::Uuid;

/// Takes the clinic until the end of the transaction: others who invite wait here, and what follows sees what they did.
pub(super) fn hold_clinic(clinic: Uuid) -> Statement<()> {
    Statement::new(
        "identity.hold_clinic",
        "SELECT id
           FROM identity.clinics
          WHERE id = $1
            FOR NO KEY UPDATE",
    )
    .bind(clinic)
}

/// Ends the address's open invitation. Whoever accepts it at the same time comes before, and is a member then, or finds it
/// ended.
pub(super) fn replace(clinic: Uuid, email_key: String, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.replace_invitation",
        "UPDATE identity.invitations
            SET ended_at = $3, expires_at = LEAST(expires_at, $3), end_reason = 'replaced', updated_at = $3
          WHERE clinic_id = $1
            AND email_key = $2
            AND ended_at IS NULL",
    )
    .bind(clinic)
    .bind(email_key)
    .bind(now)
}

pub(super) fn ensure_no_member(clinic: Uuid, email_key: String) -> Statement<()> {
    Statement::new(
        "identity.ensure_no_member",
        "SELECT kernel.ensure(NOT EXISTS (
                    SELECT 1
                      FROM identity.accounts AS a
                      JOIN identity.memberships AS m ON m.account_id = a.id
                     WHERE a.email_key = $2
                       AND m.clinic_id = $1), 'not_yet_a_member')",
    )
    .bind(clinic)
    .bind(email_key)
}

/// An invitation that is about to be made.
pub(super) struct Invited {
    pub(super) id: Uuid,
    pub(super) new: NewInvitation,
    pub(super) email_key: String,
}

pub(super) fn insert_invitation(caller: Principal, invited: Invited, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_invitation",
        "INSERT INTO identity.invitations
                (id, clinic_id, invited_by, name, email, email_key, role, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(invited.id)
    .bind(caller.clinic_id)
    .bind(caller.user_id)
    .bind(String::from(invited.new.name))
    .bind(String::from(invited.new.email))
    .bind(invited.email_key)
    .bind(invited.new.role.name())
    .bind(now + LIFETIME)
    .bind(now)
}

pub(super) fn invitation_created(call: &Call<'_>, clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "identity.invitation_created",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         VALUES ($1, $2, 'invitation', $3, 1, $4, jsonb_build_object('invitationId', $3), $5, $6, $6)",
    )
    .bind(call.new_id())
    .bind(clinic)
    .bind(id)
    .bind(CREATED)
    .bind(call.trace.traceparent())
    .bind(call.now)
}
