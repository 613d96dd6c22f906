use super::db;
use super::logic;
use super::schema::{Credentials, LoginFailure};
use crate::auth::email;
use crate::auth::session::Session;
use shared::access::TokenSigner;
use shared::access::passwords::NOBODY;
use shared::database::Scope;
use shared::failure::Error;
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Checks the password, then reads the account's memberships.
pub(super) async fn handle(
    call: &Call<'_, TokenSigner>,
    given: Credentials,
) -> Result<Reply<Session>, Error<LoginFailure>> {
    let mut tx = call.read_as(Scope::default());
    let account = tx.add(db::account_by_email(email::key(given.email.as_str())));
    let account = tx.commit::<LoginFailure>().await?.optional(&account)?;

    // The password for an unknown address is checked against the hash of nobody: the answer takes as long.
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    let matches = call.hash(move |hasher| hasher.matches(given.password.expose(), &hash)).await?;
    let account = account.filter(|_| matches).ok_or(LoginFailure::InvalidCredentials)?;

    let mut tx = call.read_as(Scope { clinic: None, account: Some(account.id) });
    let memberships = tx.add(db::memberships_of_account(account.id));
    let memberships = tx.commit::<LoginFailure>().await?.many(&memberships)?;
    let (clinic, user) = logic::choose(memberships, given.clinic_id.map(Uuid::from))?;

    Ok(Reply::ok(Session::start(call.parts, clinic, user, call.now)?))
}
