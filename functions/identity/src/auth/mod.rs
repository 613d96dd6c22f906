//! Signing in. What the slices share: the session they answer and how addresses are compared.

pub mod email;
pub mod login;
pub mod request_email_verification;
pub mod session;
pub mod verify_email;
