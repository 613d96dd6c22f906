use super::db;
use super::schema::{ChangePasswordFailure, PasswordChange};
use crate::auth::credentials::{end_resets, end_sessions, enter_account, own_credentials};
use http::StatusCode;
use shared::access::Hasher;
use shared::failure::Error;
use shared::http::{Call, Response};

/// Reads the password, checks it, and replaces it if it is still that one.
pub(super) async fn handle(
    call: &Call<'_>,
    given: PasswordChange,
) -> Result<Response, Error<ChangePasswordFailure>> {
    let caller = call.principal()?;
    call.limit(&format!("{}/{}", caller.clinic_id, caller.user_id)).await?;
    let mut tx = call.read()?;
    tx.add(db::enter_own_account(caller));
    let own = tx.add(own_credentials());
    let own = tx.commit::<ChangePasswordFailure>().await?.one(&own)?;
    if !own.may_take(&given.new_password) {
        call.give_back();
        return Err(ChangePasswordFailure::CommonPassword.into());
    }

    let PasswordChange { current_password, new_password } = given;
    let checked = own.password_hash.clone();
    let replacing = move |hasher: &dyn Hasher| {
        let matches = hasher.matches(current_password.expose(), &checked)?;
        matches.then(|| hasher.hash(new_password.expose())).transpose()
    };
    // Where nobody has looked at the password, nothing was tried.
    let hashed = call.hash(replacing).await.inspect_err(|_| call.give_back())?;
    let hashed = hashed.ok_or(ChangePasswordFailure::PasswordWrong)?;
    call.give_back();

    let mut tx = call.write()?;
    tx.add(enter_account(own.account));
    tx.add(db::replace_password(&own, hashed, call.now));
    tx.add(end_resets(own.account, call.now));
    tx.add(end_sessions(own.account, Some(caller.session_id), call.now));
    tx.add(call.audit(own.account)?);
    tx.commit::<ChangePasswordFailure>().await?;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
