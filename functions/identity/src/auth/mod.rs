//! Signing in. The slices share the session that they answer and the comparison of addresses.

pub mod email;
pub mod login;
pub(crate) mod password;
pub mod request_email_verification;
pub mod session;
pub mod verify_email;
