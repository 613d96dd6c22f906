use super::db;
use super::logic;
use super::schema::{Credentials, LoginFailure};
use crate::auth::email;
use crate::auth::session::Session;
use shared::access::TokenSigner;
use shared::access::passwords::NOBODY;
use shared::database::Scope;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Checks the password, then reads the account's memberships and notes how the sign-in ended. An unknown address takes
/// the same two round trips.
pub(super) async fn handle(
    call: &Call<'_, TokenSigner>,
    given: Credentials,
) -> Result<Reply<Session>, Error<LoginFailure>> {
    let key = email::key(given.email.as_str());
    let mut tx = call.read_as(Scope::default());
    let account = tx.add(db::account_by_email(key.clone()));
    let account = tx.commit::<LoginFailure>().await?.optional(&account)?;

    // The password for an unknown address is checked against the hash of nobody: the answer takes as long.
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    let matches = call.hash(move |hasher| hasher.matches(given.password.expose(), &hash)).await?;

    let known = account.as_ref().map(|account| account.id);
    let id = known.unwrap_or_default();
    let named = given.clinic_id.map(Uuid::from);
    let mut tx = call.write_as(Scope { clinic: None, account: known });
    let memberships = tx.add(db::memberships_of_account(id));
    tx.add(if matches { db::audit_started(call, id, named)? } else { db::audit_refused(call, id) });
    let memberships = tx.commit::<LoginFailure>().await?.many(&memberships)?;
    if known.is_none() {
        let refused = Fault::from(Error::from(LoginFailure::InvalidCredentials));
        return Err(refused.because(format!("no account of the address {}", email::trace(&key))).into());
    }
    if !matches {
        return Err(LoginFailure::InvalidCredentials.into());
    }
    let (clinic, user) = logic::choose(memberships, named)?;

    Ok(Reply::ok(Session::start(call.parts, clinic, user, call.now)?))
}
