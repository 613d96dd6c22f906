//! Signing in. The slices share how a session is opened, what is answered then, the rules of
//! passwords, and the comparison of addresses.

pub(crate) mod account;
pub mod change_password;
pub mod confirm_password_reset;
mod cookies;
pub(crate) mod credentials;
pub mod email;
pub mod get_jwks;
pub mod login;
pub mod logout;
pub(crate) mod mail;
pub mod mail_password_reset;
pub mod mail_session_alert;
pub(crate) mod opening;
pub(crate) mod password;
mod presented;
pub mod refresh;
pub mod request_email_verification;
pub mod request_password_reset;
pub mod resend_email_verification;
pub mod session;
pub mod verify_email;
