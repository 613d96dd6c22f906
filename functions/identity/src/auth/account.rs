//! What makes somebody who signs up, or takes an invitation, a member of a clinic.

use super::session::User;
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// An account that is about to be made, as far as its user does not have it.
pub(crate) struct NewAccount {
    pub(crate) id: Uuid,
    pub(crate) email_key: String,
    pub(crate) password_hash: String,
    /// Since when it is known whose the address is; none as long as nobody proved it.
    pub(crate) verified_at: Option<Timestamp>,
}

/// An account of that address gives way, if nobody verified it within a day: see the function in the migrations.
pub(crate) fn give_way(email_key: String, now: Timestamp) -> Statement<()> {
    Statement::new("identity.give_way", "SELECT identity.give_way($1, $2)::text").bind(email_key).bind(now)
}

/// Inserts the account, before everything else: most refused sign-ups are refused for their address.
pub(crate) fn insert_account(account: &NewAccount, user: &User, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_account",
        "INSERT INTO identity.accounts
                (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(account.id)
    .bind(user.email.as_str().to_owned())
    .bind(account.email_key.clone())
    .bind(account.password_hash.clone())
    .bind(account.verified_at)
    .bind(now)
}

/// Makes the account a member of the clinic, as that user.
pub(crate) fn insert_membership(clinic: Uuid, account: Uuid, user: &User, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_membership",
        "INSERT INTO identity.memberships
                (id, clinic_id, account_id, name, role, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
    )
    .bind(user.id)
    .bind(clinic)
    .bind(account)
    .bind(user.name.as_str().to_owned())
    .bind(user.role.name())
    .bind(now)
}
