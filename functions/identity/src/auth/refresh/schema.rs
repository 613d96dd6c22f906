//! What goes out and how it fails.

use crate::auth::session::{IDLE, REFRESH_TOKEN, REFRESH_TOKEN_EXAMPLE};
use schemars::JsonSchema;
use serde::Serialize;
use shared::access::token::{LIFETIME, PATTERN};
use shared::failures;

/// A new access token, and the refresh token that takes the place of the one that was sent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// PASETO v4.public, or a JWT where the deployment has those; to be passed on as it is.
    #[schemars(regex(pattern = PATTERN), example = "v4.public.eyJzdWIi.eyJraWQi")]
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    #[schemars(extend("const" = "Bearer"))]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schemars(range(min = 1), example = LIFETIME.as_secs())]
    pub expires_in: i64,
    /// What to send next time; absent where it travels in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REFRESH_TOKEN), example = REFRESH_TOKEN_EXAMPLE)]
    pub refresh_token: Option<String>,
    /// Seconds until the refresh token expires, if it is not used.
    #[schemars(range(min = 0), example = IDLE.as_secs())]
    pub refresh_expires_in: i64,
}

failures! {
    /// How refreshing can fail.
    pub enum RefreshFailure {
        /// Both in the body and in the cookie.
        TokenGivenTwice = crate::auth::presented::TOKEN_GIVEN_TWICE;
        /// A cookie from a page of another site.
        CsrfHeaderRequired = crate::auth::presented::CSRF_HEADER_REQUIRED;
        /// There is none, or nobody was handed this one.
        RefreshTokenInvalid = 401 "REFRESH_TOKEN_INVALID", "No refresh token of ours",
            "Send the refresh token that the last reply had, in the body or in its cookie, or sign in.";
        /// Nobody used it for seven days, or the session is thirty days old.
        SessionExpired = 401 "SESSION_EXPIRED", "Session expired",
            "A session ends after seven days without use, and after thirty in all. Sign in again.";
        /// Somebody signed out, lost access, or has a token that was replaced.
        SessionEnded = shared::failure::problem::SESSION_ENDED;
    }
}
