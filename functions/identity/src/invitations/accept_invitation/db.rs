use crate::auth::session::Clinic;
use crate::invitations::InvitedRole;
use crate::invitations::invitation::inviting_roles;
use jiff::Timestamp;
use shared::access::Plan;
use shared::database::{Columns, DecodeError, Statement};
use shared::failure::Fault;
use shared::http::Call;
use shared::parts::Parts;
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
    pub(super) email: Text,
    pub(super) password_hash: String,
    /// Whether it gives way to somebody else who proves that the address is theirs.
    pub(super) gives_way: bool,
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

/// The invitation, its clinic, and the account of its address.
pub(super) fn invited(clinic: Uuid, token_hash: Vec<u8>, now: Timestamp) -> Statement<Invited> {
    Statement::new(
        "identity.invited",
        "SELECT i.id, i.name, i.email, i.email_key, i.role, c.id AS clinic_id, c.name AS clinic_name, c.time_zone,
                c.currency, c.language, c.plan, a.id AS account_id, a.email AS account_email, a.password_hash,
                a.email_verified_at IS NULL AND a.created_at <= $3::timestamptz - interval '24 hours' AS gives_way
           FROM identity.invitations AS i
           JOIN identity.clinics AS c ON c.id = i.clinic_id
           LEFT JOIN identity.accounts AS a ON a.email_key = i.email_key
          WHERE i.clinic_id = $1
            AND i.token_hash = $2",
    )
    .bind(clinic)
    .bind(token_hash)
    .bind(now)
    .decode(decode)
}

fn decode(columns: &Columns<'_>) -> Result<Invited, DecodeError> {
    let account = match columns.get::<Option<Uuid>>("account_id")? {
        None => None,
        Some(id) => Some(Account {
            id,
            email: columns.text("account_email")?,
            password_hash: columns.get("password_hash")?,
            gives_way: columns.get("gives_way")?,
        }),
    };
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
        account,
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

/// The audit row, with the address that the member came from, as of a sign-in.
pub(super) fn audit_accepted(
    call: &Call<'_, impl Parts>,
    clinic: Uuid,
    user: Uuid,
    invitation: Uuid,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.audit_invitation_accepted",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, client_address, request_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7::text::inet, $8, $9)",
    );
    Ok(statement
        .bind(call.new_id())
        .bind(clinic)
        .bind(user)
        .bind(audited.action)
        .bind(audited.subject)
        .bind(invitation)
        .bind(call.client_address().map(|address| address.to_string()))
        .bind(call.request_id.clone())
        .bind(call.now))
}
