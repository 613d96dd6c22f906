use crate::auth::session::Clinic;
use crate::invitations::InvitedRole;
use crate::invitations::invitation::inviting_roles;
use jiff::Timestamp;
use shared::access::Plan;
use shared::database::{Columns, DecodeError, Statement};
use shared::validation::Text;
use uuid::Uuid;

pub(super) fn ensure_known(clinic: Uuid, token_hash: Vec<u8>) -> Statement<()> {
    Statement::new(
        "identity.ensure_invitation_known",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.invitations
                     WHERE clinic_id = $1
                       AND token_hash = $2), 'invitation_known')",
    )
    .bind(clinic)
    .bind(token_hash)
}

/// Fails for an invitation that is over, or is of somebody who may not invite any more.
pub(super) fn ensure_usable(clinic: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.ensure_invitation_usable",
        "SELECT kernel.ensure(i.ended_at IS NULL
                          AND i.expires_at > $3
                          AND inviter.disabled_at IS NULL
                          AND inviter.role = ANY ($4), 'invitation_usable')
           FROM identity.invitations AS i
           JOIN identity.memberships AS inviter ON inviter.clinic_id = i.clinic_id AND inviter.id = i.invited_by
          WHERE i.clinic_id = $1
            AND i.token_hash = $2",
    )
    .bind(clinic)
    .bind(token_hash)
    .bind(now)
    .bind(inviting_roles())
}

/// The account that an address has.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) password_hash: String,
}

/// What an invitation says, and what its address has.
pub(super) struct Invited {
    pub(super) id: Uuid,
    pub(super) name: Text,
    pub(super) email: Text,
    pub(super) email_key: String,
    pub(super) role: InvitedRole,
    pub(super) clinic: Clinic,
    pub(super) plan: Plan,
    pub(super) account: Option<Account>,
}

/// The invitation, its clinic, and the account of its address; an account that gives way is none.
pub(super) fn invited(clinic: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<Invited> {
    Statement::new(
        "identity.invited",
        "SELECT i.id, i.name, i.email, i.email_key, i.role, c.id AS clinic_id, c.name AS clinic_name, c.time_zone,
                c.currency, c.language, c.plan, a.id AS account_id, a.password_hash
           FROM identity.invitations AS i
           JOIN identity.clinics AS c ON c.id = i.clinic_id
           LEFT JOIN identity.accounts AS a
                  ON a.email_key = i.email_key
                 AND (a.email_verified_at IS NOT NULL OR a.created_at > $3::timestamptz - interval '24 hours')
          WHERE i.clinic_id = $1
            AND i.token_hash = $2",
    )
    .bind(clinic)
    .bind(token_hash)
    .bind(now)
    .decode(decode)
}

fn decode(columns: &Columns<'_>) -> Result<Invited, DecodeError> {
    let account: Option<Uuid> = columns.get("account_id")?;
    let password_hash: Option<String> = columns.get("password_hash")?;
    Ok(Invited {
        id: columns.get("id")?,
        name: columns.text("name")?,
        email: columns.text("email")?,
        email_key: columns.get("email_key")?,
        role: columns.parsed("role")?,
        clinic: Clinic {
            id: columns.get("clinic_id")?,
            name: columns.text("clinic_name")?,
            time_zone: columns.get("time_zone")?,
            currency: columns.get("currency")?,
            language: columns.parsed("language")?,
        },
        plan: columns.parsed("plan")?,
        account: account.zip(password_hash).map(|(id, password_hash)| Account { id, password_hash }),
    })
}

/// Ends the invitation as accepted; fails when somebody else ended it. Of two at once, one waits here for the row's lock.
pub(super) fn use_token(clinic: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.use_invitation",
        "WITH used AS (
             UPDATE identity.invitations
                SET ended_at = $3, expires_at = $3, end_reason = 'accepted', updated_at = $3
              WHERE clinic_id = $1
                AND token_hash = $2
                AND ended_at IS NULL
                AND expires_at > $3
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM used), 'invitation_usable')",
    )
    .bind(clinic)
    .bind(token_hash)
    .bind(now)
}

/// Takes the account with the password that was checked, and confirms its address; fails when the password was changed.
pub(super) fn take_account(account: Account, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.take_account",
        "WITH taken AS (
             UPDATE identity.accounts
                SET email_verified_at = COALESCE(email_verified_at, $3), updated_at = $3
              WHERE id = $1
                AND password_hash = $2
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM taken), 'credentials_unchanged')",
    )
    .bind(account.id)
    .bind(account.password_hash)
    .bind(now)
}
