//! How it fails.

use shared::failures;

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
