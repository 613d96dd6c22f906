use super::db::{self, Account, Invited};
use super::schema::{AcceptInvitationFailure, Acceptance};
use crate::auth::account::{NewAccount, give_way, insert_account, insert_membership};
use crate::auth::credentials::audit_refused;
use crate::auth::opening::Opening;
use crate::auth::password;
use crate::auth::session::{Membership, Session, User};
use shared::access::{LinkToken, TokenSigner};
use shared::database::{Scope, Tx};
use shared::failure::Error;
use shared::http::{Call, Reply};
use shared::validation::{Password, Text};
use std::sync::Arc;
use uuid::Uuid;

/// Looks what the link is for, checks or hashes the password, then uses the link and makes the member, signed in.
pub(super) async fn handle(
    call: &Call<'_, TokenSigner>,
    given: Acceptance,
) -> Result<Reply<Session>, Error<AcceptInvitationFailure>> {
    let token = LinkToken::read(given.token.expose());
    let token = token.ok_or(AcceptInvitationFailure::InvitationNotFound)?;
    let (clinic, hash) = (token.clinic(), token.hash());
    call.limit(token.text().expose()).await?;
    let scope = Scope { clinic: Some(clinic), ..Scope::default() };
    let mut tx = call.read_as(scope);
    tx.add(db::ensure_known(clinic, hash.clone()));
    // Before the look at the link: an account that a twin has just made goes with a link that is over.
    let invited = tx.add(db::invited(clinic, hash.clone(), call.now));
    tx.add(db::ensure_usable(clinic, hash.clone(), call.now));
    let invited = tx.commit::<AcceptInvitationFailure>().await?.one(&invited)?;

    let joining = joining(call, &invited, given.password).await?;
    let email = joining.email().unwrap_or(invited.email);
    let user = User { id: call.new_id(), name: invited.name, email, role: invited.role.into() };
    let opening = Opening::new(call, call.parts, &invited.email_key, given.refresh_in, given.device_name)?;
    let mut tx = call.write_as(scope);
    tx.add(db::ensure_usable(clinic, hash.clone(), call.now));
    tx.add(db::use_token(clinic, hash, call.now));
    let account = joining.add_to(&mut tx, call, invited.email_key, &user);
    tx.add(insert_membership(clinic, account, &user, call.now));
    for row in opening.rows(account) {
        tx.add(row);
    }
    tx.add(db::audit_accepted(call, clinic, user.id, invited.id)?);
    // The tokens are made before the commit: after the commit nothing may fail.
    let membership = Membership { clinic: invited.clinic, user, access_version: 1, plan: invited.plan };
    let reply = opening.reply(call, call.parts, membership, Reply::created_here)?;
    tx.commit::<AcceptInvitationFailure>().await?;
    Ok(reply)
}

/// The account that becomes a member.
enum Joining {
    /// It is there, and the password is its own.
    Known(Account),
    /// It is made, with the hash of the password.
    New(String),
}

/// The account of the address, if the password is its own. A new one, if the address has none, or one that gives way, and the
/// password is good.
async fn joining(
    call: &Call<'_, TokenSigner>,
    invited: &Invited,
    password: Password,
) -> Result<Joining, Error<AcceptInvitationFailure>> {
    let password = Arc::new(password);
    if let Some(account) = &invited.account {
        let (given, hash) = (Arc::clone(&password), account.password_hash.clone());
        let matches = call.hash(move |hasher| hasher.matches(given.expose(), &hash)).await;
        if matches.inspect_err(|_| call.give_back())? {
            return Ok(Joining::Known(account.clone()));
        }
        if !account.gives_way {
            note_refused(call, account.id).await?;
            return Err(AcceptInvitationFailure::AccountExists.into());
        }
    }
    let own = [&invited.email, &invited.name, &invited.clinic.name].map(Text::as_str);
    if password::judge(&password, &own).is_err() {
        call.give_back();
        return Err(AcceptInvitationFailure::CommonPassword.into());
    }
    let hashed = call.hash(move |hasher| hasher.hash(password.expose())).await;
    Ok(Joining::New(hashed.inspect_err(|_| call.give_back())?))
}

/// Notes the wrong password in each clinic of the account, as a sign-in does.
async fn note_refused(
    call: &Call<'_, TokenSigner>,
    account: Uuid,
) -> Result<(), Error<AcceptInvitationFailure>> {
    let mut tx = call.write_as(Scope { account: Some(account), ..Scope::default() });
    tx.add(audit_refused(call, account));
    tx.commit::<AcceptInvitationFailure>().await?;
    Ok(())
}

impl Joining {
    /// The address as the account has it, where there is one.
    fn email(&self) -> Option<Text> {
        match self {
            Self::Known(account) => Some(account.email.clone()),
            Self::New(_) => None,
        }
    }

    /// Takes the account, or makes it, and says which it is. Either way its address is confirmed.
    fn add_to(self, tx: &mut Tx<'_>, call: &Call<'_, TokenSigner>, email_key: String, user: &User) -> Uuid {
        match self {
            Self::Known(account) => {
                let id = account.id;
                tx.add(db::take_account(account, call.now));
                id
            }
            Self::New(password_hash) => {
                tx.add(give_way(email_key.clone(), call.now));
                let new =
                    NewAccount { id: call.new_id(), email_key, password_hash, verified_at: Some(call.now) };
                tx.add(insert_account(&new, user, call.now));
                new.id
            }
        }
    }
}
