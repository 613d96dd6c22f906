use super::logic::Recipient;
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Puts the transaction into the account of the address that was asked for; into none without one.
pub(super) fn enter_account_of(request: Uuid) -> Statement<()> {
    Statement::new(
        "identity.enter_account_of_request",
        "SELECT set_config('app.account_id', COALESCE((
                    SELECT a.id::text
                      FROM identity.password_reset_requests AS r
                      JOIN identity.accounts AS a ON a.email_key = r.email_key
                     WHERE r.id = $1), ''), true)",
    )
    .bind(request)
}

/// Whom to write to: the account that the transaction is in, by the name and in the language of its newest clinic, one of
/// those that it may enter, if there is one. A password is the account's, and no clinic takes it away.
pub(super) fn recipient() -> Statement<Recipient> {
    Statement::new(
        "identity.password_reset_recipient",
        "SELECT a.id, a.email, m.name, c.language
           FROM identity.accounts AS a
           JOIN identity.memberships AS m ON m.account_id = a.id
           JOIN identity.clinics AS c ON c.id = m.clinic_id
          WHERE a.id = NULLIF(current_setting('app.account_id', true), '')::uuid
          ORDER BY m.disabled_at IS NOT NULL, m.created_at DESC, m.id DESC
          LIMIT 1",
    )
    .decode(|columns| {
        Ok(Recipient {
            account: columns.get("id")?,
            email: columns.text("email")?,
            name: columns.text("name")?,
            language: columns.parsed("language")?,
        })
    })
}

pub(super) fn delete_request(request: Uuid) -> Statement<()> {
    Statement::new(
        "identity.delete_password_reset_request",
        "DELETE FROM identity.password_reset_requests
          WHERE id = $1",
    )
    .bind(request)
}

/// Takes the account before its links, as whoever replaces the password does: of two links at once, one ends the other.
pub(super) fn hold_account(account: Uuid) -> Statement<()> {
    Statement::new(
        "identity.hold_account",
        "SELECT id
           FROM identity.accounts
          WHERE id = $1
            FOR NO KEY UPDATE",
    )
    .bind(account)
}

/// A token in a mail: whose, its hash, its end.
pub(super) struct Reset {
    pub(super) id: Uuid,
    pub(super) account: Uuid,
    pub(super) token_hash: Vec<u8>,
    pub(super) expires_at: Timestamp,
}

pub(super) fn insert_reset(new: Reset, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_password_reset",
        "INSERT INTO identity.password_resets (id, account_id, token_hash, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(new.id)
    .bind(new.account)
    .bind(new.token_hash)
    .bind(new.expires_at)
    .bind(now)
}
