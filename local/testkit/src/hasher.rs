use shared::access::{Argon2id, Hasher};
use shared::failure::Fault;
use std::sync::atomic::{AtomicU32, Ordering};

/// The real hasher, counting its calls.
#[derive(Debug, Default)]
pub struct CountingHasher(AtomicU32, Argon2id);

impl CountingHasher {
    /// The number of passwords hashed or checked.
    pub fn calls(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Hasher for CountingHasher {
    fn hash(&self, password: &str) -> Result<String, Fault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.hash(password)
    }

    fn matches(&self, password: &str, hash: &str) -> Result<bool, Fault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.matches(password, hash)
    }
}
