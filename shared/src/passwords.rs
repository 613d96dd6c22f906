//! Password hashing with argon2id (C4; OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane).

use crate::failure::Fault;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;

/// Hashes and checks passwords. Injected, so that a test can count the calls.
pub trait Hasher: Send + Sync {
    /// The PHC string of a new password.
    fn hash(&self, password: &str) -> Result<String, Fault>;

    /// Whether `password` is the one behind the PHC string.
    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault>;
}

/// What a password of nobody is checked against, so that unknown users cost the same: a hash of 32 random bytes
/// that nobody kept, with the parameters of [`Argon2id`].
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$q0vWmPsQnYVJfmrNs5l0XA$QvMoVYJcqGfIuHjJKc8qXpWkGSyRO1rpb6xXQ0U8Ulc";

/// argon2id with the parameters above.
#[derive(Debug, Clone, Copy, Default)]
pub struct Argon2id;

impl Argon2id {
    fn algorithm() -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
    }
}

impl Hasher for Argon2id {
    fn hash(&self, password: &str) -> Result<String, Fault> {
        let hash = Self::algorithm().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
            .map_err(|_| Fault::internal("a password could not be hashed"))
    }

    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault> {
        let hash =
            PasswordHash::new(hash).map_err(|_| Fault::internal("a stored password hash is malformed"))?;
        Ok(Self::algorithm()
            .verify_password(password.as_bytes(), &hash)
            .is_ok())
    }
}

/// Runs a hashing job off the async threads: it takes tens of milliseconds of CPU.
pub async fn off_thread<T: Send + 'static>(
    hasher: Arc<dyn Hasher>,
    job: impl FnOnce(&dyn Hasher) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(move || job(hasher.as_ref()))
        .await
        .map_err(|_| Fault::internal("the password hasher panicked"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = Argon2id.hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(Argon2id.matches("correct horse", &hash).unwrap());
        assert!(!Argon2id.matches("correct horse ", &hash).unwrap());
    }

    #[test]
    fn the_hash_of_nobody_is_well_formed_and_costs_the_same() {
        let parameters = Argon2id.hash("x").unwrap();
        assert_eq!(NOBODY.split('$').nth(3), parameters.split('$').nth(3));
        assert!(!Argon2id.matches("x", NOBODY).unwrap());
    }
}
