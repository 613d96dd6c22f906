//! Whether the database answers.

use super::{Database, RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, NoFailure};
use std::time::Duration;

pub(crate) fn probe_statement() -> Statement<i32> {
    Statement::new("shared.probe", "SELECT 1 AS one").decode(|columns| columns.get("one"))
}

/// Whether the database answers, by one round trip.
pub(crate) async fn probe(database: &Database, round_trips: &RoundTrips) -> bool {
    // The transaction's own limits are longer than the probe's time-out, which ends the transaction by dropping it.
    let mut tx =
        Tx::reading(database, round_trips, Deadline::within(Duration::from_secs(3)), Scope::default());
    let one = tx.add(probe_statement());
    let done: Result<_, Error<NoFailure>> = tx.commit().await;
    done.is_ok_and(|done| done.one(&one).is_ok_and(|one| one == 1))
}
