use super::db;
use super::schema::{ConfirmPasswordResetFailure, NewPassword};
use crate::auth::credentials::{end_resets, end_sessions, own_credentials};
use http::StatusCode;
use shared::access::LinkToken;
use shared::database::Scope;
use shared::failure::Error;
use shared::http::{Call, Response};

/// Looks whether the token is good, hashes, and uses the token with the change. The token names its account.
pub(super) async fn handle(
    call: &Call<'_>,
    given: NewPassword,
) -> Result<Response, Error<ConfirmPasswordResetFailure>> {
    let token = LinkToken::read(given.token.expose());
    let token = token.ok_or(ConfirmPasswordResetFailure::PasswordResetNotFound)?;
    let (account, hash) = (token.account(), token.hash());
    let scope = Scope { account: Some(account), ..Scope::default() };
    let mut tx = call.read_as(scope);
    tx.add(db::ensure_known(account, hash.clone()));
    tx.add(db::ensure_usable(account, hash.clone(), call.now));
    let own = tx.add(own_credentials());
    let own = tx.commit::<ConfirmPasswordResetFailure>().await?.one(&own)?;
    if !own.may_take(&given.password) {
        return Err(ConfirmPasswordResetFailure::CommonPassword.into());
    }

    let password = given.password;
    let hashed = call.hash(move |hasher| hasher.hash(password.expose())).await?;

    let mut tx = call.write_as(scope);
    tx.add(db::set_password(account, hashed, call.now));
    tx.add(db::use_token(account, hash, call.now));
    tx.add(end_resets(account, call.now));
    tx.add(end_sessions(account, None, call.now));
    tx.add(db::audit_reset(call, account)?);
    tx.commit::<ConfirmPasswordResetFailure>().await?;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
