use jiff::Timestamp;
use shared::access::Principal;
use shared::database::Statement;
use uuid::Uuid;

/// Ends the session; fails with `session_is_open` when the caller has none of that id that is open.
pub(super) fn end_session(caller: Principal, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.remove_session",
        "WITH ended AS (
             UPDATE identity.sessions
                SET ended_at = $4, expires_at = $4, end_reason = 'removed', updated_at = $4
              WHERE clinic_id = $1
                AND id = $3
                AND user_id = $2
                AND ended_at IS NULL
                AND expires_at > $4
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM ended), 'session_is_open')",
    )
    .bind(caller.clinic_id)
    .bind(caller.user_id)
    .bind(id)
    .bind(now)
}
