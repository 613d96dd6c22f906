//! Password hashing with argon2id (C4; OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane).

use super::random;
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::OVERLOADED;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// argon2id with the parameters above. The memory of a hash (19 MiB) is kept for the next one: allocated anew on whatever
/// thread is free, it stays with the allocator, which holds hundreds of megabytes after a burst of sign-ins.
#[derive(Default)]
pub struct Argon2id {
    memories: Mutex<Vec<Vec<Block>>>,
}

impl std::fmt::Debug for Argon2id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Argon2id")
    }
}

impl Argon2id {
    /// The hash proper, of as many bytes as the parameters say.
    fn output(&self, password: &str, salt: &Salt, params: Params) -> Option<Output> {
        let blocks = params.block_count();
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
        let mut memory = self.kept().pop().unwrap_or_default();
        memory.resize(blocks.max(memory.len()), Block::default());
        let algorithm = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hashed = algorithm.hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            output,
            memory.get_mut(..blocks)?,
        );
        self.kept().push(memory);
        hashed.ok()?;
        Output::new(output).ok()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hasher for Argon2id {
    fn hash(&self, password: &str) -> Result<String, Fault> {
        let broken = || Fault::internal("a password could not be hashed");
        let params = Params::default();
        let salt = Salt::new(&random::bytes::<{ Salt::RECOMMENDED_LENGTH }>()?).map_err(|_| broken())?;
        let hash = self.output(password, &salt, params.clone()).ok_or_else(broken)?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(|_| broken())?,
            salt: Some(salt),
            hash: Some(hash),
        };
        Ok(phc.to_string())
    }

    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault> {
        let malformed = || Fault::internal("a stored password hash is malformed");
        let stored = PasswordHash::new(hash).map_err(|_| malformed())?;
        let known =
            stored.algorithm == Algorithm::Argon2id.ident() && stored.version == Some(Version::V0x13.into());
        let (Some(salt), Some(expected), true) = (&stored.salt, &stored.hash, known) else {
            return Err(malformed());
        };
        let params = Params::try_from(&stored).map_err(|_| malformed())?;
        // Compared in constant time.
        Ok(self.output(password, salt, params).ok_or_else(malformed)? == *expected)
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
        let hasher = Argon2id::default();
        let hash = hasher.hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.matches("correct horse", &hash).unwrap());
        assert!(!hasher.matches("correct horse ", &hash).unwrap());
        assert_ne!(hasher.hash("correct horse").unwrap(), hash, "each has a salt of its own");
    }

    /// By the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -e`.
    const REFERENCE: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn a_hash_made_elsewhere_is_known_and_one_that_is_none_is_an_error() {
        let hasher = Argon2id::default();
        assert!(hasher.matches("password", REFERENCE).unwrap());
        assert!(!hasher.matches("passwort", REFERENCE).unwrap());
        for broken in ["", "$argon2id$none", &REFERENCE.replace("argon2id", "argon2i"), &REFERENCE[..40]] {
            assert!(hasher.matches("password", broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn memory_is_kept_for_the_next_hash_as_much_as_was_used_at_once() {
        let hasher = Argon2id::default();
        for password in ["one", "another", "a third"] {
            hasher.hash(password).unwrap();
        }
        hasher.matches("password", REFERENCE).unwrap();
        let sizes: Vec<_> = hasher.kept().iter().map(Vec::len).collect();
        assert_eq!(sizes, [19_456]);
    }

    #[test]
    fn the_hash_of_nobody_is_well_formed_and_costs_the_same() {
        let hasher = Argon2id::default();
        let parameters = hasher.hash("x").unwrap();
        assert_eq!(NOBODY.split('$').nth(3), parameters.split('$').nth(3));
        assert!(!hasher.matches("x", NOBODY).unwrap());
    }
}
