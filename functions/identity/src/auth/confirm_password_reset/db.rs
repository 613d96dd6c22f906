use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use uuid::Uuid;

pub(super) fn ensure_known(account: Uuid, token_hash: Vec<u8>) -> Statement<()> {
    Statement::new(
        "identity.ensure_password_reset_known",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.password_resets
                     WHERE account_id = $1
                       AND token_hash = $2), 'password_reset_known')",
    )
    .bind(account)
    .bind(token_hash)
}

pub(super) fn ensure_usable(account: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.ensure_password_reset_usable",
        "SELECT kernel.ensure(used_at IS NULL AND expires_at > $3, 'password_reset_usable')
           FROM identity.password_resets
          WHERE account_id = $1
            AND token_hash = $2",
    )
    .bind(account)
    .bind(token_hash)
    .bind(now)
}

/// Sets the password, and confirms the address: the link was mailed there. Before everything else: others who replace it, and sign-ins that hold it, take the account first, too.
pub(super) fn set_password(account: Uuid, hashed: String, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.set_password",
        "UPDATE identity.accounts
            SET password_hash = $2, password_changed_at = $3, email_verified_at = COALESCE(email_verified_at, $3),
                updated_at = $3
          WHERE id = $1",
    )
    .bind(account)
    .bind(hashed)
    .bind(now)
}

/// Marks the token used; fails when it is no good any more.
pub(super) fn use_token(account: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.use_password_reset",
        "WITH used AS (
             UPDATE identity.password_resets
                SET used_at = $3, updated_at = $3
              WHERE account_id = $1
                AND token_hash = $2
                AND used_at IS NULL
                AND expires_at > $3
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM used), 'password_reset_usable')",
    )
    .bind(account)
    .bind(token_hash)
    .bind(now)
}

/// The most clinics that a person is known in: far more than anybody has.
const MOST_CLINICS: usize = 100;

/// The audit rows of a reset, one in each clinic of the account.
pub(super) fn audit_reset(call: &Call<'_>, account: Uuid) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let ids: Vec<Uuid> = std::iter::repeat_with(|| call.new_id()).take(MOST_CLINICS).collect();
    let statement = Statement::new(
        "identity.audit_password_reset",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, client_address, request_id, created_at)
         SELECT $2[own.place::integer], own.clinic_id, own.id, $6, $7, $1, $3::text::inet, $4, $5
           FROM (SELECT clinic_id, id, row_number() OVER () AS place
                   FROM identity.memberships
                  WHERE account_id = $1) AS own
          WHERE own.place <= cardinality($2)",
    );
    Ok(statement
        .bind(account)
        .bind(ids)
        .bind(call.client_address().map(|address| address.to_string()))
        .bind(call.request_id.clone())
        .bind(call.now)
        .bind(audited.action)
        .bind(audited.subject))
}
