use super::db;
use super::logic::{self, Tries};
use super::schema::{Credentials, LoginFailure};
use crate::auth::cookies;
use crate::auth::credentials::audit_refused;
use crate::auth::email;
use crate::auth::opening::Opening;
use crate::auth::session::Session;
use shared::access::passwords::NOBODY;
use shared::access::{TokenSigner, TokenVerifier};
use shared::database::Scope;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};
use shared::validation::Secret;
use uuid::Uuid;

/// Checks the password, then reads the account's memberships, opens the session, and notes how the sign-in ended. An
/// unknown address takes the same two round trips.
pub(super) async fn handle(
    call: &Call<'_, (TokenSigner, TokenVerifier)>,
    given: Credentials,
) -> Result<Reply<Session>, Error<LoginFailure>> {
    let (signer, verifier) = call.parts;
    let key = email::key(given.email.as_str());
    let device = given.device_token.as_ref().map(Secret::expose).or_else(|| call.cookie(cookies::DEVICE));
    let known = device.and_then(|token| verifier.known_device(token, call.now));
    let known = known.as_ref().map(|known| (known.address_hash.as_str(), known.since));
    let tries = Tries::at(&key, device, known);
    call.limit(tries.whose()).await?;
    let mut tx = call.read_as(Scope::default());
    let account = tx.add(db::account_by_email(key.clone()));
    let account = tx.commit::<LoginFailure>().await?.optional(&account)?;
    if tries.are_outdated(account.as_ref().map(|account| account.password_since)) {
        call.limit_instead(Tries::of_address(&key).whose()).await?;
    }

    // The password for an unknown address is checked against the hash of nobody: the answer takes as long.
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    let (password, checked) = (given.password, hash.clone());
    let checked = call.hash(move |hasher| hasher.matches(password.expose(), &checked)).await;
    // Where nobody has looked at the password, nothing was tried.
    let matches = checked.inspect_err(|_| call.give_back())?;

    let known = account.as_ref().map(|account| account.id);
    let id = known.unwrap_or_default();
    let named = given.clinic_id.map(Uuid::from);
    let opening = Opening::new(call, signer, &key, given.refresh_in, given.device_name)?;
    let mut tx = call.write_as(Scope { account: known, ..Scope::default() });
    let memberships = tx.add(db::memberships_of_account(id));
    if matches {
        call.give_back();
        tx.add(db::hold_credentials(id, hash));
        tx.add(db::enter_clinic(id, named));
        for row in opening.rows(id) {
            tx.add(row);
        }
        tx.add(db::audit_started(call, id, named)?);
    } else {
        tx.add(db::commit_at_once());
        tx.add(audit_refused(call, id));
    }
    let memberships = tx.commit::<LoginFailure>().await?.many(&memberships)?;
    if known.is_none() {
        let refused = Fault::from(Error::from(LoginFailure::InvalidCredentials));
        return Err(refused.because(format!("no account of the address {}", email::trace(&key))).into());
    }
    if !matches {
        return Err(LoginFailure::InvalidCredentials.into());
    }
    let membership = logic::choose(memberships, named)?;

    Ok(opening.reply(call, signer, membership, Reply::ok)?)
}
