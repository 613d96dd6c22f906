//! What the stores are told once the reply is out.

use super::limiter::{Limiter, Store};
use crate::database::{Database, RoundTrips, Take, Taken, take_now};
use crate::deadline::Deadline;
use std::sync::Arc;
use std::time::Duration;

/// How long telling a store may take where nobody waits for it.
pub(super) const AFTERWARDS: Duration = Duration::from_secs(1);

/// What the stores are still to be told, once the reply is out.
#[must_use = "the stores are told"]
pub struct LeftOver {
    limiter: Arc<Limiter>,
    database: Arc<Database>,
    takes: Vec<(Take, Store)>,
}

impl LeftOver {
    /// These, if there are any.
    pub(super) fn of(
        takes: Vec<(Take, Store)>,
        limiter: &Arc<Limiter>,
        database: &Arc<Database>,
    ) -> Option<Self> {
        let (limiter, database) = (Arc::clone(limiter), Arc::clone(database));
        (!takes.is_empty()).then_some(Self { limiter, database, takes })
    }

    /// Tells them. The reply is out, and nobody is refused by this; the next request is.
    pub async fn tell(self) {
        for (take, store) in &self.takes {
            let taken = match store {
                Store::Database => self.tell_database(take).await,
                Store::Redis => match self.limiter.by_redis(take, self.limiter.patience()).await {
                    // What Redis does not count, the database does; it gives back nothing that it was not taken.
                    None if take.forced > 0 => self.tell_database(take).await,
                    answer => answer,
                },
            };
            if let (Some(taken), true) = (taken, take.forced > 0) {
                self.limiter.memory().learn(&take.bucket, taken, take.at.as_microsecond());
            }
        }
    }

    async fn tell_database(&self, take: &Take) -> Option<Taken> {
        let (trips, deadline) = (RoundTrips::default(), Deadline::within(AFTERWARDS));
        take_now(&self.database, &trips, deadline, take).await.ok().flatten()
    }
}
