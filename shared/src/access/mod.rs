//! Who may do what: roles, permissions, and the caller that a verified token names. The proofs stand beside: access
//! tokens, passwords, links that are mailed, and the randomness that all of them are made of.

pub mod link_token;
mod parts;
pub mod passwords;
mod public_url;
pub mod random;
pub mod token;

pub use link_token::LinkToken;
pub use passwords::{Argon2id, Hasher, HashingGate};
pub use public_url::PublicUrl;
pub use token::{TokenSigner, TokenVerifier};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

/// A role within a tenant. Every permission lists the roles that hold it; nothing is granted by default (C5).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(description = "What a person is in a clinic; it says what the person may do.")]
pub enum Role {
    /// Owns the account; the last one cannot be demoted.
    Owner,
    /// Runs it day to day.
    Admin,
    /// Treats people; the only role that reads session notes.
    Clinician,
    /// Takes calls, books, receives payments.
    FrontDesk,
    /// Keeps the books.
    Accountant,
}

impl Role {
    /// All roles, for matrices and checks.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name used in tokens, JSON and the database, e.g. `front_desk`; what is no name is no role.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a clinic pays for: it says how much its people may ask.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Plan {
    /// 300 requests a minute and member.
    #[default]
    Free,
    /// 1000 requests a minute and member.
    Pro,
}

impl Plan {
    /// The name used in tokens and the database; what is no name is no plan.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something a caller may do, declared by the module that guards it, e.g. `patients:write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// `<what>:<verb>`, unique in the workspace.
    pub name: &'static str,
    /// The roles that hold it.
    pub roles: &'static [Role],
}

impl Permission {
    /// Declares a permission and the roles that hold it.
    pub const fn new(name: &'static str, roles: &'static [Role]) -> Self {
        Self { name, roles }
    }

    /// Whether `role` holds this permission.
    pub fn is_held_by(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The caller, known only from a verified token (C1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The membership that signed in: a person within one tenant.
    pub user_id: Uuid,
    /// The tenant. Row-level security compares every row with it (C6).
    pub clinic_id: Uuid,
    /// The session that the token belongs to: when it ends, the token is good for nothing.
    pub session_id: Uuid,
    /// The role at the time the token was issued, at most ten minutes ago.
    pub role: Role,
    /// The version of what the member may do, as the token has it: with another one it is refused.
    pub access_version: i64,
    /// How sure it is who this is: 1 by a password, 2 with a second factor as well.
    pub assurance: i16,
    /// What the clinic paid for at that time.
    pub plan: Plan,
    /// When the caller proved who it is: what the account may do since then only, it may not do in this session.
    pub authenticated_at: Timestamp,
}

/// Half of the SHA-256 of a text, in hexadecimal: where things are to be told apart, and the text is not to be read. Whoever can
/// try all texts finds it.
pub fn half_hash(text: &str) -> String {
    let half: u128 = Sha256::digest(text).iter().take(16).fold(0, |all, byte| (all << 8) | u128::from(*byte));
    format!("{half:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_hash_is_the_first_half_of_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(half_hash("abc"), "ba7816bf8f01cfea414140de5dae2223");
    }

    #[test]
    fn a_role_is_found_by_its_name_and_an_unknown_one_is_none() {
        assert_eq!(Role::ALL.len(), 5);
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert!("superuser".parse::<Role>().is_err());
    }

    #[test]
    fn a_permission_is_held_only_by_the_roles_it_lists() {
        let keep_books = Permission::new("books:write", &[Role::Owner, Role::Accountant]);
        assert!(keep_books.is_held_by(Role::Accountant));
        assert!(!keep_books.is_held_by(Role::Clinician));
    }
}
