//! What the database is told once the reply is out.

use super::limiter::Limiter;
use crate::database::{Database, RoundTrips, Take, take_now};
use crate::deadline::Deadline;
use std::sync::Arc;
use std::time::Duration;

/// How long telling a store may take where nobody waits for it.
pub(super) const AFTERWARDS: Duration = Duration::from_secs(1);

/// What the database is still to be told, once the reply is out.
#[must_use = "the database is told"]
pub struct LeftOver {
    limiter: Arc<Limiter>,
    database: Arc<Database>,
    takes: Vec<Take>,
}

impl LeftOver {
    /// These, if there are any.
    pub(super) fn of(takes: Vec<Take>, limiter: &Arc<Limiter>, database: &Arc<Database>) -> Option<Self> {
        let (limiter, database) = (Arc::clone(limiter), Arc::clone(database));
        (!takes.is_empty()).then_some(Self { limiter, database, takes })
    }

    /// Tells it. The reply is out, and nobody is refused by this; the next request is.
    pub async fn tell(self) {
        for take in &self.takes {
            let (trips, deadline) = (RoundTrips::default(), Deadline::within(AFTERWARDS));
            let taken = take_now(&self.database, &trips, deadline, take).await.ok().flatten();
            if let (Some(taken), true) = (taken, take.forced > 0) {
                self.limiter.memory().learn(&take.bucket, taken, take.at.as_microsecond());
            }
        }
    }
}
