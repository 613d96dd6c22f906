//! What signs an account in, as those need it who replace it: all of them take the account's row first, then the links that
//! were mailed, then its sessions, so that none waits for another in a circle.

use super::password;
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Problem;
use shared::http::Call;
use shared::parts::Parts;
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

/// Ends the account's sessions in all of its clinics, but for the one that goes on. They are taken in the order of their ids, as
/// by whoever disables a member.
pub(crate) fn end_sessions(account: Uuid, goes_on: Option<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.end_sessions_of_account",
        "WITH open AS (
             SELECT clinic_id, id
               FROM identity.sessions
              WHERE account_id = $1
                AND id IS DISTINCT FROM $2
                AND ended_at IS NULL
                AND expires_at > $3
              ORDER BY clinic_id, id
              LIMIT 1000000
                FOR NO KEY UPDATE
         )
         UPDATE identity.sessions AS s
            SET ended_at = $3, expires_at = $3, end_reason = 'password', updated_at = $3
           FROM open
          WHERE s.clinic_id = open.clinic_id
            AND s.id = open.id",
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

/// The most clinics that a person is known in: far more than anybody has.
const MOST_CLINICS: usize = 100;

/// The audit rows of a try with a wrong password, one in each clinic of the account: nobody acted.
pub(crate) fn audit_refused(call: &Call<'_, impl Parts>, account: Uuid) -> Statement<()> {
    let ids: Vec<Uuid> = std::iter::repeat_with(|| call.new_id()).take(MOST_CLINICS).collect();
    Statement::new(
        "identity.audit_session_refused",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, client_address, request_id, created_at)
         SELECT $2[own.place::integer], own.clinic_id, '00000000-0000-0000-0000-000000000000', 'session.refused', 'account', $1,
                $3::text::inet, $4, $5
           FROM (SELECT clinic_id, row_number() OVER () AS place
                   FROM identity.memberships
                  WHERE account_id = $1) AS own
          WHERE own.place <= cardinality($2)",
    )
    .bind(account)
    .bind(ids)
    .bind(call.client_address().map(|address| address.to_string()))
    .bind(call.request_id.clone())
    .bind(call.now)
}
