//! Signing in. The slices share how a session is opened, what is answered then, and the comparison of addresses.

mod cookies;
pub mod email;
pub mod get_jwks;
pub mod login;
pub mod logout;
pub(crate) mod opening;
pub(crate) mod password;
mod presented;
pub mod refresh;
pub mod request_email_verification;
pub mod session;
pub mod verify_email;
