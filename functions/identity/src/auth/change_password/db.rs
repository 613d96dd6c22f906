use crate::auth::credentials::Credentials;
use jiff::Timestamp;
use shared::access::Principal;
use shared::database::Statement;

/// Puts the transaction into the caller's account.
pub(super) fn enter_own_account(caller: Principal) -> Statement<()> {
    Statement::new(
        "identity.enter_own_account",
        "SELECT set_config('app.account_id', account_id::text, true)
           FROM identity.memberships
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(caller.clinic_id)
    .bind(caller.user_id)
}

/// Replaces the password that was checked, and fails when it is another one by now. Waits for sign-ins that hold it: the
/// sessions that they open are there when those of the account are ended.
pub(super) fn replace_password(own: &Credentials, hashed: String, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.replace_password",
        "WITH replaced AS (
             UPDATE identity.accounts
                SET password_hash = $3, password_changed_at = $4, updated_at = $4
              WHERE id = $1
                AND password_hash = $2
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM replaced), 'password_unchanged')",
    )
    .bind(own.account)
    .bind(own.password_hash.clone())
    .bind(hashed)
    .bind(now)
}
