//! `POST /api/v1/auth/refresh`: a new access token for a session, and the refresh token that takes the place of this one.
//!
//! - **Caller**: whoever has the refresh token, in the body or, with `X-Grafono-Csrf`, in the cookie.
//! - **Does**: hands out a successor. Two tabs at once, or a client that lost the reply, are handed the same one: within ten
//!   seconds by the old token alone, and once a session for a day, on its own device. A token that was replaced and comes
//!   again otherwise is somebody else's, or somebody else has its successor: the session ends.
//! - **Writes**: `identity.refresh_tokens`, `identity.sessions`; when a session ends by it or is helped on, audit and outbox
//!   (`session.token_reused`, `session.helped_on`), of which `mail-session-alert` mails the account. The relay is not nudged,
//!   since almost no refresh announces anything: such a mail waits for its clock, a minute at most.
//! - **Atomic**: the session is locked first. Of a refresh and a sign-out at once, one comes before the other.
//! - **Fails**: `REFRESH_TOKEN_INVALID`, `SESSION_EXPIRED`, `SESSION_ENDED`, which take the cookie away; see [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
mod logic;
pub mod schema;

use super::presented::{CSRF, TokenOrCookie};
use super::session::Tokens;
use shared::access::{PublicUrl, TokenSigner};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, RateClass, Reply, Route, WithBodyOrNothing};
use shared::limits::{Asked, Of, Rule};

/// What one address may ask for.
const REFRESH: Rule = Rule::new("refresh", 60, 60, Of::Address);

/// The declaration.
#[derive(Debug)]
pub struct Refresh;

impl Endpoint for Refresh {
    const NAME: &'static str = "refresh";
    const ROUTE: Route = Route::post("/api/v1/auth/refresh");
    const POLICY: Policy =
        Policy::public().issues_tokens().headers(&[CSRF]).limit(RateClass::Strict(&[REFRESH], Asked::Within));
    const SUMMARY: &'static str = "Get a new access token";
    const DESCRIPTION: &'static str = "Takes the refresh token and answers the one that replaces it: keep that one. Within \
        ten seconds the old one may be sent again and is answered alike. Later it ends the session, because two have it; \
        but for a client that lost the reply and sends its `deviceToken` along, once a session. Both are \
        told to the account by mail, if its address is confirmed.";
    type Parts = (TokenSigner, PublicUrl);
    type Input = WithBodyOrNothing<TokenOrCookie>;
    type Output = Reply<Tokens>;
    type Failure = schema::RefreshFailure;

    async fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
