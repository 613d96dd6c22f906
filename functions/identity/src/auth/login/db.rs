use crate::auth::session::{Membership, membership};
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use shared::parts::Parts;
use uuid::Uuid;

pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) password_hash: String,
    /// Since when the password is this one.
    pub(super) password_since: Timestamp,
}

pub(super) fn account_by_email(email_key: String) -> Statement<Account> {
    Statement::new(
        "identity.account_by_email",
        "SELECT id, password_hash, COALESCE(password_changed_at, created_at) AS password_since
           FROM identity.accounts
          WHERE email_key = $1",
    )
    .bind(email_key)
    .decode(|columns| {
        Ok(Account {
            id: columns.get("id")?,
            password_hash: columns.get("password_hash")?,
            password_since: columns.get("password_since")?,
        })
    })
}

/// Holds the account with the password that was checked until the session stands: a change of the password comes before,
/// and this sign-in fails, or after, and ends the session.
pub(super) fn hold_credentials(account: Uuid, password_hash: String) -> Statement<()> {
    Statement::new(
        "identity.hold_credentials",
        "WITH held AS (
             SELECT 1
               FROM identity.accounts
              WHERE id = $1
                AND password_hash = $2
                FOR SHARE
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM held), 'credentials_unchanged')",
    )
    .bind(account)
    .bind(password_hash)
}

/// Puts the transaction into the clinic that was named, or into the only one; into none where a choice is still to be made.
pub(super) fn enter_clinic(account: Uuid, named: Option<Uuid>) -> Statement<()> {
    Statement::new(
        "identity.enter_clinic",
        "SELECT set_config('app.clinic_id', COALESCE((
                    SELECT min(clinic_id::text)
                      FROM identity.memberships
                     WHERE account_id = $1
                       AND disabled_at IS NULL
                       AND ($2::uuid IS NULL OR clinic_id = $2)
                    HAVING count(*) = 1), ''), true)",
    )
    .bind(account)
    .bind(named)
}

/// The audit row of a sign-in to the clinic that was named, or to the only one: none where a choice is still to be made.
pub(super) fn audit_started(
    call: &Call<'_, impl Parts>,
    account: Uuid,
    named: Option<Uuid>,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.audit_session_started",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, client_address, request_id, created_at)
         SELECT $3, own.clinic_id, own.id, $7, $8, $1, $4::text::inet, $5, $6
           FROM (SELECT clinic_id, id, count(*) OVER () AS clinics
                   FROM identity.memberships
                  WHERE account_id = $1
                    AND disabled_at IS NULL) AS own
          WHERE own.clinic_id = $2
             OR ($2 IS NULL AND own.clinics = 1)",
    );
    Ok(statement
        .bind(account)
        .bind(named)
        .bind(call.new_id())
        .bind(call.client_address().map(|address| address.to_string()))
        .bind(call.request_id.clone())
        .bind(call.now)
        .bind(audited.action)
        .bind(audited.subject))
}

/// Has the commit wait for no disk: that a sign-in was refused is noted, and how long that takes tells nobody that there is an
/// account.
pub(super) fn commit_at_once() -> Statement<()> {
    Statement::new("identity.commit_at_once", "SELECT set_config('synchronous_commit', 'off', true)")
}

/// The account's memberships and their clinics. `app.account_id` opens these rows and no others.
pub(super) fn memberships_of_account(account: Uuid) -> Statement<Membership> {
    Statement::new(
        "identity.memberships_of_account",
        "SELECT c.id AS clinic_id, c.name AS clinic_name, c.time_zone, c.currency,
                c.language, c.plan, m.id, m.name, m.role, m.access_version, a.email
           FROM identity.memberships AS m
           JOIN identity.clinics AS c ON c.id = m.clinic_id
           JOIN identity.accounts AS a ON a.id = m.account_id
          WHERE m.account_id = $1
            AND m.disabled_at IS NULL
          ORDER BY m.created_at, m.id
          LIMIT 100",
    )
    .bind(account)
    .decode(membership)
}
