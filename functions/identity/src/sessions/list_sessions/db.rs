use super::schema::OpenSession;
use jiff::Timestamp;
use shared::access::Principal;
use shared::database::Statement;

pub(super) fn open_sessions(caller: Principal, now: Timestamp) -> Statement<OpenSession> {
    Statement::new(
        "identity.open_sessions",
        "SELECT id, device_name, created_at, used_at, id = $3 AS is_current
           FROM identity.sessions
          WHERE clinic_id = $1
            AND user_id = $2
            AND ended_at IS NULL
            AND expires_at > $4
          ORDER BY created_at DESC, id DESC
          LIMIT 100",
    )
    .bind(caller.clinic_id)
    .bind(caller.user_id)
    .bind(caller.session_id)
    .bind(now)
    .decode(|columns| {
        Ok(OpenSession {
            id: columns.get("id")?,
            device_name: columns.optional_text("device_name")?,
            created_at: columns.get("created_at")?,
            used_at: columns.get("used_at")?,
            current: columns.get("is_current")?,
        })
    })
}
