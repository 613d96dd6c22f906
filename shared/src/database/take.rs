//! Taking from the buckets of limits (C7), by `kernel.take`.

use super::connection::{Database, Use};
use super::flush::{Reply, Step, flush};
use super::round_trips::RoundTrips;
use super::statement::{Columns, DecodeError, Statement};
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

/// Takes of one bucket, by a round trip of its own; none without an answer.
pub async fn take_now(
    database: &Database,
    round_trips: &RoundTrips,
    deadline: Deadline,
    take: &Take,
) -> Result<Option<Taken>, Fault> {
    let answers = alone(database, round_trips, deadline, on_credit(take)).await?;
    Ok(answers.into_iter().next())
}

/// Takes one token of each of these, in their order, up to the first that has none; by a round trip of its own. No answers are
/// no answer.
pub async fn take_each_now(
    database: &Database,
    round_trips: &RoundTrips,
    deadline: Deadline,
    takes: &[Take],
) -> Result<Vec<Taken>, Fault> {
    alone(database, round_trips, deadline, each(takes)).await
}

async fn alone(
    database: &Database,
    round_trips: &RoundTrips,
    deadline: Deadline,
    step: Step,
) -> Result<Vec<Taken>, Fault> {
    let lease = database.connection(deadline, Use::Reading).await?;
    let Some(client) = lease.client() else {
        return Err(Fault::internal("a lease without connection"));
    };
    let mut replies = Vec::new();
    let flight = round_trips.begin(|| vec!["shared.take"]);
    let limit = deadline.less(Duration::from_millis(100));
    let in_time = tokio::time::timeout_at(limit, flush(client, &[&step], &mut replies)).await.is_ok();
    flight.end(round_trips, 0, None);
    let reply = replies.pop().flatten();
    // A connection with an answer outstanding is good for nobody else.
    let is_sound = in_time && !is_lost(reply.as_ref());
    if is_sound {
        lease.give_back();
    }
    Ok(read(reply))
}

/// Whether an answer did not come, for the connection or the time was over.
pub(super) fn is_lost(reply: Option<&Reply>) -> bool {
    match reply {
        Some(Ok(_)) => false,
        Some(Err(error)) => error.as_db_error().is_none(),
        None => true,
    }
}

/// A take as a message of its own.
pub(super) fn on_credit(take: &Take) -> Step {
    let statement = Statement::new(
        "shared.take",
        "SELECT granted, remaining, wait FROM kernel.take($1, $2, $3, $4, $5, $6)",
    );
    step(
        statement
            .bind(take.bucket.clone())
            .bind(take.forced)
            .bind(take.wanted)
            .bind(take.every)
            .bind(take.burst)
            .bind(take.at),
    )
}

/// One token of each, in their order, up to the first that has none, as a message of its own.
pub(super) fn each(takes: &[Take]) -> Step {
    let statement = Statement::new(
        "shared.take_each",
        "SELECT granted, remaining, wait FROM kernel.take_each($1, $2, $3, $4) LIMIT 8",
    );
    bound(statement, takes)
}

/// The same as a statement of a transaction, which sees in `app.limited` whether one refused: that is the last row.
pub(super) fn each_within(takes: &[Take]) -> Step {
    let statement = Statement::new(
        "shared.take_each_within",
        "SELECT granted, remaining, wait, set_config('app.limited', (granted = 0)::text, true)
           FROM kernel.take_each($1, $2, $3, $4)
          LIMIT 8",
    );
    bound(statement, takes)
}

fn bound(statement: Statement<()>, takes: &[Take]) -> Step {
    let at = takes.first().map(|take| take.at).unwrap_or_default();
    step(
        statement
            .bind(takes.iter().map(|take| take.bucket.clone()).collect::<Vec<_>>())
            .bind(takes.iter().map(|take| take.every).collect::<Vec<_>>())
            .bind(takes.iter().map(|take| take.burst).collect::<Vec<_>>())
            .bind(at),
    )
}

fn step(statement: Statement<()>) -> Step {
    Step::Query(statement.name, statement.sql, statement.parameters)
}

/// What a take answered: a row for each bucket that was asked.
pub(super) fn read(reply: Option<Reply>) -> Vec<Taken> {
    let rows = reply.and_then(Result::ok).unwrap_or_default();
    rows.iter().filter_map(|row| taken(&Columns(row)).ok()).collect()
}

fn taken(columns: &Columns<'_>) -> Result<Taken, DecodeError> {
    let count = |name: &str| columns.get::<i32>(name).map(|count| u32::try_from(count).unwrap_or_default());
    let wait = Duration::try_from_secs_f64(columns.get("wait")?).unwrap_or_default();
    Ok(Taken { granted: count("granted")?, remaining: count("remaining")?, wait })
}
