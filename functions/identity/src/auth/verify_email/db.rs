use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use uuid::Uuid;

pub(super) fn ensure_known(clinic: Uuid, token_hash: Vec<u8>) -> Statement<()> {
    Statement::new(
        "identity.ensure_verification_known",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.email_verifications
                     WHERE clinic_id = $1
                       AND token_hash = $2), 'email_verification_known')",
    )
    .bind(clinic)
    .bind(token_hash)
}

/// Fails for an unused token after its time. A used one stays good: it changes nothing any more.
pub(super) fn ensure_unexpired(clinic: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.ensure_verification_unexpired",
        "SELECT kernel.ensure(used_at IS NOT NULL OR expires_at > $3, 'email_verification_unexpired')
           FROM identity.email_verifications
          WHERE clinic_id = $1
            AND token_hash = $2",
    )
    .bind(clinic)
    .bind(token_hash)
    .bind(now)
}

/// Marks the token used, and the address verified. Of two requests at once one waits here for the row's lock, then
/// finds the token used and changes no row.
pub(super) fn use_token(call: &Call<'_>, clinic: Uuid, token_hash: Vec<u8>) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.use_verification",
        "WITH used AS (
             UPDATE identity.email_verifications
                SET used_at = $3, updated_at = $3
              WHERE clinic_id = $1
                AND token_hash = $2
                AND used_at IS NULL
             RETURNING clinic_id, account_id, user_id
         ), verified AS (
             UPDATE identity.accounts AS a
                SET email_verified_at = $3, updated_at = $3
               FROM used
              WHERE a.id = used.account_id
                AND a.email_verified_at IS NULL
         )
         INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT $4, clinic_id, user_id, $6, $7, account_id, $5, $3
           FROM used",
    );
    Ok(statement
        .bind(clinic)
        .bind(token_hash)
        .bind(call.now)
        .bind(call.new_id())
        .bind(call.request_id.clone())
        .bind(audited.action)
        .bind(audited.subject))
}

pub(super) fn verified_at(clinic: Uuid, token_hash: Vec<u8>) -> Statement<Timestamp> {
    Statement::new(
        "identity.email_verified_at",
        "SELECT a.email_verified_at
           FROM identity.email_verifications AS v
           JOIN identity.accounts AS a ON a.id = v.account_id
          WHERE v.clinic_id = $1
            AND v.token_hash = $2",
    )
    .bind(clinic)
    .bind(token_hash)
    .decode(|columns| columns.get("email_verified_at"))
}
