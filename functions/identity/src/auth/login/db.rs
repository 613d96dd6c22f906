use crate::auth::session::{Clinic, User, member};
use shared::database::Statement;
use uuid::Uuid;

pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) password_hash: String,
}

pub(super) fn account_by_email(email_key: String) -> Statement<Account> {
    Statement::new(
        "identity.account_by_email",
        "SELECT id, password_hash
           FROM identity.accounts
          WHERE email_key = $1",
    )
    .bind(email_key)
    .decode(|columns| Ok(Account { id: columns.get("id")?, password_hash: columns.get("password_hash")? }))
}

/// The account's memberships and their clinics. `app.account_id` opens these rows and no others. A person has far fewer
/// than 100 clinics.
pub(super) fn memberships_of_account(account: Uuid) -> Statement<(Clinic, User)> {
    Statement::new(
        "identity.memberships_of_account",
        "SELECT c.id AS clinic_id, c.name AS clinic_name, c.time_zone, c.currency,
                c.language, m.id, m.name, m.role, a.email
           FROM identity.memberships AS m
           JOIN identity.clinics AS c ON c.id = m.clinic_id
           JOIN identity.accounts AS a ON a.id = m.account_id
          WHERE m.account_id = $1
            AND m.disabled_at IS NULL
          ORDER BY m.created_at, m.id
          LIMIT 100",
    )
    .bind(account)
    .decode(member)
}
