//! Readiness: one probe of the database in five seconds and instance, however many requests ask (F4).

use super::{Database, RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, NoFailure};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer stands, good or bad.
pub const TTL: Duration = Duration::from_secs(5);

/// How long a probe may take.
const TIMEOUT: Duration = Duration::from_millis(900);

/// The last answer. A request waits for a probe under way instead of starting its own.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// Whether the database answers. A failed probe counts until the next probe.
    pub async fn of(&self, database: &Database, round_trips: &RoundTrips) -> bool {
        let asked = async {
            let mut last = self.0.lock().await;
            match *last {
                Some((at, ready)) if at.elapsed() < TTL => ready,
                _ => {
                    let ready =
                        tokio::time::timeout(TIMEOUT, probe(database, round_trips)).await.unwrap_or(false);
                    *last = Some((Instant::now(), ready));
                    ready
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(1), asked).await.unwrap_or(false)
    }
}

pub(crate) fn probe_statement() -> Statement<i32> {
    Statement::new("shared.probe", "SELECT 1 AS one").decode(|columns| columns.get("one"))
}

async fn probe(database: &Database, round_trips: &RoundTrips) -> bool {
    // The transaction's own limits are longer than the probe's time-out, which ends the transaction by dropping it.
    let mut tx =
        Tx::reading(database, round_trips, Deadline::within(Duration::from_secs(3)), Scope::default());
    let one = tx.add(probe_statement());
    let done: Result<_, Error<NoFailure>> = tx.commit().await;
    done.is_ok_and(|done| done.one(&one).is_ok_and(|one| one == 1))
}
