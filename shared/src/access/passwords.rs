//! Password hashing with argon2id (C4; OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane).

use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::OVERLOADED;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hashes and checks passwords. The hasher is injected, so that a test can count its calls.
pub trait Hasher: Send + Sync {
    /// The PHC string of a new password.
    fn hash(&self, password: &str) -> Result<String, Fault>;

    /// Whether the PHC string is the hash of `password`.
    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault>;
}

/// The hash that the password for an unknown user is checked against, so that it takes as long as for a known one: of
/// 32 random bytes that nobody kept, with the parameters of [`Argon2id`].
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
        hash.map(|hash| hash.to_string()).map_err(|_| Fault::internal("a password could not be hashed"))
    }

    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault> {
        let hash =
            PasswordHash::new(hash).map_err(|_| Fault::internal("a stored password hash is malformed"))?;
        Ok(Self::algorithm().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// Lets as many passwords be hashed at once as there are processors. One takes 19 MiB and tens of milliseconds of CPU,
/// so an unbounded flood of sign-ins would take the memory and the time of all other requests.
#[derive(Debug)]
pub struct HashingGate(Arc<Semaphore>);

impl Default for HashingGate {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

impl HashingGate {
    /// Runs a hashing job off the async threads, when a turn comes before the deadline; else `OVERLOADED`. The turn
    /// ends with the job, even when the caller is gone.
    pub async fn run<T: Send + 'static>(
        &self,
        hasher: Arc<dyn Hasher>,
        deadline: Deadline,
        job: impl FnOnce(&dyn Hasher) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(&self.0).acquire_owned();
        let turn = tokio::time::timeout_at(deadline.less(Duration::from_millis(500)), turn).await;
        let Ok(Ok(turn)) = turn else {
            return Err(
                Fault::from(&OVERLOADED).because("no turn at the password hasher before the deadline")
            );
        };
        let job = move || {
            let outcome = job(hasher.as_ref());
            drop(turn);
            outcome
        };
        tokio::task::spawn_blocking(job).await.map_err(|_| Fault::internal("the password hasher panicked"))?
    }

    /// Takes all turns, as a flood does, for as long as the result is held.
    pub async fn close(&self) -> Option<OwnedSemaphorePermit> {
        let all = u32::try_from(self.0.available_permits()).unwrap_or(u32::MAX);
        Arc::clone(&self.0).acquire_many_owned(all).await.ok()
    }
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
