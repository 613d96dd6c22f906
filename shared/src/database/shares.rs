//! Who may hold how many connections, where a process has several: a writer may wait for a row's lock, and its connection
//! with it, so writers leave some to readers, and the writers of one clinic some to those of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// From how many clinics on the ones without writers are forgotten.
const REMEMBERED: usize = 64;

/// The shares of a pool.
#[derive(Debug)]
pub(super) struct Shares {
    /// Three quarters, for all writers together.
    writers: Arc<Semaphore>,
    /// Half, for the writers of one clinic.
    of_clinic: usize,
    clinics: Mutex<HashMap<Uuid, Weak<Semaphore>>>,
}

/// What a writer holds as long as it has its connection.
#[derive(Debug, Default)]
pub(super) struct Share {
    _held: Vec<OwnedSemaphorePermit>,
}

impl Shares {
    /// The shares of so many connections; none of a few, which cannot be shared.
    pub(super) fn of(connections: usize) -> Option<Self> {
        (connections >= 4).then(|| Self {
            writers: Arc::new(Semaphore::new(connections - connections / 4)),
            of_clinic: connections / 2,
            clinics: Mutex::default(),
        })
    }

    /// A share for a writer, once there is one.
    pub(super) async fn take(&self, clinic: Option<Uuid>) -> Share {
        let mut held = Vec::new();
        if let Some(clinic) = clinic {
            held.extend(self.clinic(clinic).acquire_owned().await);
        }
        held.extend(Arc::clone(&self.writers).acquire_owned().await);
        Share { _held: held }
    }

    fn clinic(&self, clinic: Uuid) -> Arc<Semaphore> {
        let mut clinics = self.clinics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clinics.get(&clinic).and_then(Weak::upgrade) {
            return known;
        }
        if clinics.len() >= REMEMBERED {
            clinics.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let semaphore = Arc::new(Semaphore::new(self.of_clinic));
        clinics.insert(clinic, Arc::downgrade(&semaphore));
        semaphore
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn one_clinic_has_half_all_writers_have_three_quarters_and_what_is_given_back_is_free() {
        let shares = Shares::of(8).unwrap();
        let [one, other] = [1, 2].map(|id| Some(Uuid::from_u128(id)));
        let take = |clinic| shares.take(clinic).now_or_never();
        let mut held: Vec<_> = (0..4).map(|_| take(one).unwrap()).collect();
        assert!(take(one).is_none());
        held.extend([other, None].map(|clinic| take(clinic).unwrap()));
        assert!(take(other).is_none());
        held.remove(0);
        assert!(take(one).is_some());
    }

    #[test]
    fn clinics_without_writers_are_forgotten_and_few_connections_are_not_shared() {
        let shares = Shares::of(4).unwrap();
        let kept = shares.take(Some(Uuid::nil())).now_or_never().unwrap();
        for id in 1..1000 {
            drop(shares.take(Some(Uuid::from_u128(id))).now_or_never().unwrap());
        }
        assert!(shares.clinics.lock().unwrap().len() <= REMEMBERED + 1);
        assert!(shares.clinics.lock().unwrap()[&Uuid::nil()].strong_count() > 0);
        drop(kept);
        assert!(Shares::of(1).is_none());
    }
}
