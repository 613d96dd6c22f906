//! How it fails.

use shared::failures;

failures! {
    /// How signing out can fail.
    pub enum LogoutFailure {
        /// Both in the body and in the cookie.
        TokenGivenTwice = crate::auth::presented::TOKEN_GIVEN_TWICE;
        /// A cookie from a page of another site.
        CsrfHeaderRequired = crate::auth::presented::CSRF_HEADER_REQUIRED;
    }
}
