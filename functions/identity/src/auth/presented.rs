//! The refresh token that a client presents: in the body, or in a cookie with what other sites cannot send along.

use super::cookies;
use super::session::{REFRESH_TOKEN_EXAMPLE, RefreshIn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::{LinkToken, PublicUrl};
use shared::failure::Problem;
use shared::http::{Call, Fields, RequestHeader};
use shared::parts::Parts;
use shared::validation::Secret;
use validator::Validate;

/// What a browser sends along with the cookie: a page of another site would have to ask first whether it may.
pub(super) const CSRF: RequestHeader = RequestHeader {
    is_required: false,
    name: "X-Grafono-Csrf",
    description: "`1`, wherever the refresh token travels in a cookie.",
    example: "1",
};

const ORIGIN: RequestHeader = RequestHeader {
    is_required: false,
    name: "Origin",
    description: "As browsers send it.",
    example: "https://app.example.com",
};

/// A cookie came without the header that other sites cannot send.
pub(super) const CSRF_HEADER_REQUIRED: Problem = Problem::new(
    403,
    "CSRF_HEADER_REQUIRED",
    "Not from a page of ours",
    "With the refresh token in a cookie, send X-Grafono-Csrf: 1, from a page of an allowed origin.",
);

/// A token came in the body, and one in a cookie.
pub(super) const TOKEN_GIVEN_TWICE: Problem = Problem::new(
    400,
    "TOKEN_GIVEN_TWICE",
    "Two refresh tokens",
    "Send the refresh token in the body or in the cookie, not in both.",
);

/// The refresh token, unless it is in the cookie.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenOrCookie {
    /// As the last reply had it; absent where it travels in a cookie.
    #[validate(length(min = 1, max = 255))]
    #[schemars(example = REFRESH_TOKEN_EXAMPLE)]
    pub refresh_token: Option<Secret>,
    /// The token of the device, as the sign-in had it: with it a device that lost a reply is helped on, once a session.
    #[validate(length(min = 1, max = 1024))]
    pub device_token: Option<Secret>,
}

impl Fields for TokenOrCookie {}

/// How presenting a refresh token can fail.
pub(super) enum Unpresentable {
    /// See [`TOKEN_GIVEN_TWICE`].
    Twice,
    /// See [`CSRF_HEADER_REQUIRED`].
    FromElsewhere,
}

/// A refresh token, and where it came from.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) token: LinkToken,
    pub(super) refresh_in: RefreshIn,
}

/// The token that is presented; none without one, or when it cannot be one of ours.
pub(super) fn presented(
    call: &Call<'_, impl Parts>,
    given: &TokenOrCookie,
    own: &PublicUrl,
) -> Result<Option<Presented>, Unpresentable> {
    let of = |text: &str, refresh_in| LinkToken::read(text).map(|token| Presented { token, refresh_in });
    match (&given.refresh_token, call.cookie(cookies::REFRESH).filter(|cookie| !cookie.is_empty())) {
        (Some(_), Some(_)) => Err(Unpresentable::Twice),
        (Some(token), None) => Ok(of(token.expose(), RefreshIn::Body)),
        (None, Some(cookie)) if is_from_a_page_of_ours(call, own) => Ok(of(cookie, RefreshIn::Cookie)),
        (None, Some(_)) => Err(Unpresentable::FromElsewhere),
        (None, None) => Ok(None),
    }
}

fn is_from_a_page_of_ours(call: &Call<'_, impl Parts>, own: &PublicUrl) -> bool {
    let is_allowed = |origin: &str| {
        own.origin() == origin || call.app.allowed_origins.iter().any(|allowed| allowed == origin)
    };
    // An origin that cannot be read is not ours.
    let is_ours = call.header(&ORIGIN).map_or(!call.sends(&ORIGIN), is_allowed);
    call.header(&CSRF) == Some("1") && is_ours
}
