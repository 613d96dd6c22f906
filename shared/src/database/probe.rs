//! Whether the database answers, and takes changes.

use super::{Database, RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, NoFailure};
use std::time::Duration;

/// Changes a row of the role's own, unless another probe does so at this moment: a standby, or a server whose disk is
/// full, answers and takes nothing.
fn probe_statement() -> Statement<()> {
    Statement::new(
        "shared.probe",
        "UPDATE kernel.readiness_probes
            SET updated_at = now()
          WHERE module = (
                SELECT module
                  FROM kernel.readiness_probes
                 WHERE module = CURRENT_USER::text
                   FOR NO KEY UPDATE SKIP LOCKED)",
    )
}

/// Whether the database answers and takes a change, by one round trip.
pub(crate) async fn probe(database: &Database, round_trips: &RoundTrips) -> bool {
    // The transaction's own limits are longer than the probe's time-out, which ends the transaction by dropping it.
    let mut tx =
        Tx::writing(database, round_trips, Deadline::within(Duration::from_secs(3)), Scope::default(), None);
    tx.add(probe_statement());
    let done: Result<_, Error<NoFailure>> = tx.commit().await;
    done.is_ok()
}
