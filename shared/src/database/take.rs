//! Taking from the buckets of limits (C7), by `kernel.take`.

use super::connection::{Database, Use};
use super::flush::{Reply, Step, flush};
use super::statement::{Columns, DecodeError, Statement};
use super::tx::RoundTrips;
use crate::deadline::Deadline;
use crate::failure::Fault;
use jiff::Timestamp;
use std::time::Duration;

/// What is taken from one bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// The bucket's name, with no word in it of whose it is.
    pub bucket: String,
    /// How many tokens are taken whatever is left; a negative number gives back.
    pub forced: i32,
    /// Up to how many are taken of what is left.
    pub wanted: i32,
    /// The most that the bucket holds.
    pub burst: i32,
    /// The seconds in which one token comes back.
    pub every: f64,
    /// Now.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many of those wanted were granted.
    pub granted: u32,
    /// How many are left.
    pub remaining: u32,
    /// How long until there is one, if there is none.
    pub wait: Duration,
}

/// Takes all of these, by a round trip of its own; none for one without an answer.
pub async fn take_now(
    database: &Database,
    round_trips: &RoundTrips,
    deadline: Deadline,
    takes: &[Take],
) -> Result<Vec<Option<Taken>>, Fault> {
    let lease = database.connection(deadline, Use::Reading).await?;
    let Some(client) = lease.client() else {
        return Err(Fault::internal("a lease without connection"));
    };
    let steps: Vec<Step> = takes.iter().map(before).collect();
    let mut replies = Vec::new();
    let flight = round_trips.begin(|| vec!["shared.take"; steps.len()]);
    let limit = deadline.less(Duration::from_millis(100));
    let in_time =
        tokio::time::timeout_at(limit, flush(client, &steps.iter().collect::<Vec<_>>(), &mut replies))
            .await
            .is_ok();
    flight.end(round_trips, 0, None);
    let answers: Vec<_> = replies.into_iter().map(read).collect();
    // A connection with an answer outstanding is good for nobody else.
    if in_time && answers.iter().all(Option::is_some) {
        lease.give_back();
    }
    Ok(answers)
}

/// The take as a message of its own.
pub(super) fn before(take: &Take) -> Step {
    step(
        Statement::new(
            "shared.take",
            "SELECT granted, remaining, wait FROM kernel.take($1, $2, $3, $4, $5, $6)",
        ),
        take,
    )
}

/// The take as a statement of a transaction, which sees in `app.limited` what came of it.
pub(super) fn within(take: &Take) -> Step {
    step(
        Statement::new(
            "shared.take_within",
            "SELECT granted, remaining, wait, set_config('app.limited', (granted = 0)::text, true)
               FROM kernel.take($1, $2, $3, $4, $5, $6)",
        ),
        take,
    )
}

fn step(statement: Statement<()>, take: &Take) -> Step {
    let statement = statement
        .bind(take.bucket.clone())
        .bind(take.forced)
        .bind(take.wanted)
        .bind(take.every)
        .bind(take.burst)
        .bind(take.at);
    Step::Query(statement.name, statement.sql, statement.parameters)
}

/// What a take answered, if it did.
pub(super) fn read(reply: Option<Reply>) -> Option<Taken> {
    let rows = reply?.ok()?;
    taken(&Columns(rows.first()?)).ok()
}

fn taken(columns: &Columns<'_>) -> Result<Taken, DecodeError> {
    let count = |name: &str| columns.get::<i32>(name).map(|count| u32::try_from(count).unwrap_or_default());
    let wait = Duration::try_from_secs_f64(columns.get("wait")?).unwrap_or_default();
    Ok(Taken { granted: count("granted")?, remaining: count("remaining")?, wait })
}
