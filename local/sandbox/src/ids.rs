//! Ids that no other sandbox makes, in this process or in one before it: a database that outlives the sandbox keeps them.

use crate::hex::hex;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

static SANDBOXES: AtomicU64 = AtomicU64::new(0);

/// Makes ids.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: String,
    made: u64,
}

impl Ids {
    pub(crate) fn new(now: Timestamp) -> Self {
        let number = SANDBOXES.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{} {} {number}", now.as_nanosecond(), std::process::id());
        Self { seed, made: 0 }
    }

    /// A new id that begins with `prefix`, such as `pi`.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.made += 1;
        let digest = Sha256::digest(format!("{} {}", self.seed, self.made));
        let digits: String = hex(&digest).chars().take(24).collect();
        format!("{prefix}_{digits}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_made_twice_even_by_two_sandboxes_of_one_instant() {
        let (mut one, mut other) = (Ids::new(Timestamp::UNIX_EPOCH), Ids::new(Timestamp::UNIX_EPOCH));
        let ids = [one.next("pi"), one.next("pi"), other.next("pi"), other.next("pi")];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 4);
        assert!(ids.iter().all(|id| id.len() == 27 && id.starts_with("pi_")));
    }
}
