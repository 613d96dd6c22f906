use super::db;
use super::schema::LogoutFailure;
use crate::auth::cookies;
use crate::auth::presented::{TokenOrCookie, Unpresentable, presented};
use http::{HeaderValue, StatusCode};
use shared::access::PublicUrl;
use shared::database::Scope;
use shared::failure::{Error, Fault};
use shared::http::{Call, Response};

/// Ends what the tokens name, each within its clinic, and takes the cookie away.
pub(super) async fn handle(
    call: &Call<'_, PublicUrl>,
    given: TokenOrCookie,
) -> Result<Response, Error<LogoutFailure>> {
    let found = presented(call, &given, call.parts).map_err(|error| match error {
        Unpresentable::Twice => LogoutFailure::TokenGivenTwice,
        Unpresentable::FromElsewhere => LogoutFailure::CsrfHeaderRequired,
    })?;
    let by_refresh_token = found.map(|found| (found.token.clinic(), Some(found.token.secret_hash()), None));
    let caller = call.principal().ok();
    let by_access_token = caller.map(|caller| (caller.clinic_id, None, Some(caller.session_id)));

    let mut tx = call.write_as(Scope::default());
    for (clinic, token_hash, session) in by_refresh_token.into_iter().chain(by_access_token) {
        tx.enter(clinic);
        tx.add(db::end_session(call, clinic, token_hash, session)?);
    }
    tx.commit::<LogoutFailure>().await?;

    let mut response = Response::empty(StatusCode::NO_CONTENT);
    let cookie = HeaderValue::try_from(cookies::no_refresh());
    response.cookies.push(cookie.map_err(|_| Fault::internal("a cookie is not a header value"))?);
    Ok(response)
}
