use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use shared::parts::Parts;
use uuid::Uuid;

/// Ends the session of the refresh token, or the one of that id, in that clinic, and says so in the audit log; nothing for
/// one that is over.
pub(super) fn end_session(
    call: &Call<'_, impl Parts>,
    clinic: Uuid,
    token_hash: Option<Vec<u8>>,
    session: Option<Uuid>,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.end_session",
        "WITH ended AS (
             UPDATE identity.sessions AS s
                SET ended_at = $3, expires_at = $3, end_reason = 'logout', updated_at = $3
               FROM (SELECT t.session_id AS id
                       FROM identity.refresh_tokens AS t
                      WHERE t.clinic_id = $8
                        AND t.token_hash = $1
                     UNION ALL
                     SELECT $2) AS named
              WHERE s.clinic_id = $8
                AND s.id = named.id
                AND s.ended_at IS NULL
                AND s.expires_at > $3
             RETURNING s.clinic_id, s.user_id, s.id
         )
         INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT $4, clinic_id, user_id, $5, $6, id, $7, $3
           FROM ended",
    );
    Ok(statement
        .bind(token_hash)
        .bind(session)
        .bind(call.now)
        .bind(call.new_id())
        .bind(audited.action)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(clinic))
}
