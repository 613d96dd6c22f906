//! What signs an account in, as those need it who replace it: all of them take the account's row first, then the links that
//! were mailed, then its sessions, so that none waits for another in a circle.

use super::password;
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Problem;
use shared::validation::Password;
use uuid::Uuid;

/// A password that attackers try first, or that is made of one's own words.
pub(crate) const COMMON_PASSWORD: Problem = Problem::new(
    400,
    "COMMON_PASSWORD",
    "Common password",
    "This password is among the first that attackers try. Choose another one.",
);

/// An account's password, and the words that make no new one.
pub(crate) struct Credentials {
    pub(crate) account: Uuid,
    pub(crate) password_hash: String,
    own_words: Vec<String>,
}

impl Credentials {
    /// Whether the account may take this password.
    pub(crate) fn may_take(&self, new: &Password) -> bool {
        let own: Vec<&str> = self.own_words.iter().map(String::as_str).collect();
        password::judge(new, &own).is_ok()
    }
}

/// Puts the transaction into that account.
pub(crate) fn enter_account(account: Uuid) -> Statement<()> {
    Statement::new("identity.enter_account", "SELECT set_config('app.account_id', $1, true)")
        .bind(account.to_string())
}

/// The password of the account that the transaction is in, its address, and its names and its clinics'.
pub(crate) fn own_credentials() -> Statement<Credentials> {
    Statement::new(
        "identity.own_credentials",
        "SELECT a.id, a.password_hash,
                a.email || ARRAY(SELECT unnest(ARRAY[m.name, c.name])
                                   FROM identity.memberships AS m
                                   JOIN identity.clinics AS c ON c.id = m.clinic_id
                                  WHERE m.account_id = a.id) AS own_words
           FROM identity.accounts AS a
          WHERE a.id = NULLIF(current_setting('app.account_id', true), '')::uuid",
    )
    .decode(|columns| {
        Ok(Credentials {
            account: columns.get("id")?,
            password_hash: columns.get("password_hash")?,
            own_words: columns.get("own_words")?,
        })
    })
}

/// Ends the account's sessions in all of its clinics, but for the one that goes on.
pub(crate) fn end_sessions(account: Uuid, goes_on: Option<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.end_sessions_of_account",
        "UPDATE identity.sessions
            SET ended_at = $3, expires_at = $3, end_reason = 'password', updated_at = $3
          WHERE account_id = $1
            AND id IS DISTINCT FROM $2
            AND ended_at IS NULL
            AND expires_at > $3",
    )
    .bind(account)
    .bind(goes_on)
    .bind(now)
}

/// Ends the links that were mailed to choose a new password.
pub(crate) fn end_resets(account: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.end_password_resets",
        "UPDATE identity.password_resets
            SET expires_at = $2, updated_at = $2
          WHERE account_id = $1
            AND expires_at > $2",
    )
    .bind(account)
    .bind(now)
}
