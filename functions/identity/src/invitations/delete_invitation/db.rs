use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Ends the invitation; fails with `invitation_is_open` when the clinic has none of that id that is open.
pub(super) fn withdraw(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.withdraw_invitation",
        "WITH ended AS (
             UPDATE identity.invitations
                SET ended_at = $3, expires_at = $3, end_reason = 'withdrawn', updated_at = $3
              WHERE clinic_id = $1
                AND id = $2
                AND ended_at IS NULL
                AND expires_at > $3
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM ended), 'invitation_is_open')",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}
