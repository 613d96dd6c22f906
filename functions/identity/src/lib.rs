//! identity: clinics, the people who work in them, and signing in.
//!
//! | table | holds |
//! |---|---|
//! | `identity.clinics` | name, time zone, currency; published as `published_clinics` |
//! | `identity.accounts` | an address and a password hash, no tenant data |
//! | `identity.memberships` | an account within a clinic, with a role: what replies call a user |
//!
//! Events: `clinic.created`.

pub mod auth;
pub mod clinics;
pub mod me;

use shared::endpoint::{Declaration, Module};

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "identity",
        about: "Clinics, the people who work in them, and signing in.",
        endpoints: vec![
            Declaration::of::<clinics::create_clinic::CreateClinic>(),
            Declaration::of::<auth::login::Login>(),
            Declaration::of::<me::get_me::GetMe>(),
        ],
        consumers: Vec::new(),
        workers: Vec::new(),
    }
}
