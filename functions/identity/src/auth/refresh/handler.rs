use super::db::{self, Turn, Turned};
use super::logic::{HandedOut, Verdict};
use super::schema::RefreshFailure;
use crate::auth::cookies;
use crate::auth::presented::{TokenOrCookie, Unpresentable, presented};
use crate::auth::session::{RefreshIn, Tokens};
use http::HeaderValue;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use shared::access::{LinkToken, Principal, PublicUrl, TokenSigner, random};
use shared::database::Scope;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};

type Parts = (TokenSigner, PublicUrl);

/// Turns the token within the clinic that it names, under that clinic's policies.
pub(super) async fn handle(
    call: &Call<'_, Parts>,
    given: TokenOrCookie,
) -> Result<Reply<Tokens>, Error<RefreshFailure>> {
    let found = presented(call, &given, &call.parts.1).map_err(|error| match error {
        Unpresentable::Twice => RefreshFailure::TokenGivenTwice,
        Unpresentable::FromElsewhere => RefreshFailure::CsrfHeaderRequired,
    })?;
    let found = found.ok_or_else(|| refused(RefreshFailure::RefreshTokenInvalid))?;
    let device = given.device_token.map(|token| Sha256::digest(token.expose()).to_vec());
    let turn = Turn { clinic: found.token.clinic(), presented: found.token, nonce: random::bytes()?, device };

    let mut tx = call.write_as(Scope { clinic: Some(turn.clinic), ..Scope::default() });
    tx.add(db::hold_session(&turn));
    let turned = tx.add(db::judge(&turn, call.now));
    tx.add(db::turn(call, &turn));
    tx.add(db::tell(call, &turn));
    let turned = tx.commit::<RefreshFailure>().await?.optional(&turned)?;
    let turned = turned.ok_or_else(|| refused(RefreshFailure::RefreshTokenInvalid))?;

    match turned.verdict {
        Verdict::Reused => tracing::warn!(
            event = "refresh_token_reused",
            "requestId" = call.request_id,
            "sessionId" = %turned.session,
            "a refresh token came again that was replaced: its session is ended"
        ),
        Verdict::Expired => return Err(refused(RefreshFailure::SessionExpired)),
        _ => {}
    }
    let (next, expires_at) = match (turned.verdict.hands_out(), turned.nonce.as_deref()) {
        (HandedOut::Same, _) => (turn.presented.clone(), turned.expires_at),
        (HandedOut::New, _) => (turn.presented.successor(&turn.nonce), turned.next_expires_at),
        (HandedOut::Known, Some(nonce)) => (turn.presented.successor(nonce), turned.expires_at),
        _ => return Err(refused(RefreshFailure::SessionEnded)),
    };
    let lives = expires_at.duration_since(call.now);
    Ok(answer(call, &turn, &turned, (&next, lives), found.refresh_in)?)
}

/// The reply with the successor, in the cookie if that is where the token came from.
fn answer(
    call: &Call<'_, Parts>,
    turn: &Turn,
    turned: &Turned,
    (next, lives): (&LinkToken, SignedDuration),
    refresh_in: RefreshIn,
) -> Result<Reply<Tokens>, Fault> {
    let principal = Principal {
        user_id: turned.user,
        clinic_id: turn.clinic,
        session_id: turned.session,
        role: turned.role,
        access_version: turned.access_version,
        assurance: turned.assurance,
        plan: turned.plan,
        authenticated_at: turned.authenticated_at,
    };
    let token = next.text().expose().to_owned();
    let (tokens, cookie) = Tokens::issue(call, &call.parts.0, &principal, token, lives, refresh_in)?;
    Ok(Reply::ok(tokens).cookie(cookie))
}

/// A refusal that takes the cookie away: it is good for nothing any more.
fn refused(failure: RefreshFailure) -> Error<RefreshFailure> {
    let fault = Fault::from(Error::from(failure));
    match HeaderValue::try_from(cookies::no_refresh()) {
        Ok(cookie) => fault.with_cookie(cookie).into(),
        Err(_) => fault.into(),
    }
}
