//! The transaction: statements are added, then all go out in one flush and are committed together or not at all.

use super::claim::{self, Claim};
use super::commit_outcome::{self, CommitOutcome, FOREIGN_KEY_VIOLATION, judge};
use super::connection::{Database, Lease, Use};
use super::flush::{Reply, Step, flush};
use super::passengers::Passengers;
use super::round_trips::RoundTrips;
use super::statement::{Columns, Decoder, Statement};
use crate::deadline::Deadline;
use crate::failure::problem::{
    ACCESS_CHANGED, DEADLINE_EXCEEDED, EMAIL_NOT_VERIFIED, IDEMPOTENCY_KEY_IN_FLIGHT, SESSION_ENDED,
    VERSION_STALE,
};
use crate::failure::{Error, Failure, Fault};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::time::Duration;
use tokio_postgres::Row;
use uuid::Uuid;

/// How long a statement waits for a lock: long enough for a twin in flight, short enough to answer 409 or 503.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings that row-level security compares with. Without either, every tenant table is empty (C6).
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope {
    /// `app.clinic_id`.
    pub clinic: Option<Uuid>,
    /// `app.account_id`, which opens an account's own memberships at log-in.
    pub account: Option<Uuid>,
    /// Whose session must be open.
    pub caller: Option<Admission>,
}

/// A caller, whom the database admits with the settings of its transaction (`kernel.admit`): whoever has no open session,
/// or may do something else than its token says, gets an error instead of rows, and changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    /// The member.
    pub member: Uuid,
    /// The session.
    pub session: Uuid,
    /// The version of what the member may do; any, where the transaction answers by what holds now.
    pub version: Option<i64>,
    /// Now.
    pub at: Timestamp,
}

/// The place of an added statement's rows in [`Done`].
#[derive(Debug)]
pub struct Handle<R> {
    index: usize,
    name: &'static str,
    decode: Decoder<R>,
    row: PhantomData<fn() -> R>,
}

/// The answer of an idempotent write: the same data at first and at every repetition.
#[derive(Debug)]
pub struct Stored<T> {
    /// The data as stored.
    pub data: T,
    /// Whether an earlier request stored it.
    pub replayed: bool,
}

/// A transaction in the making. Nothing is sent before [`Tx::commit`].
#[derive(Debug)]
pub struct Tx<'a> {
    database: &'a Database,
    round_trips: &'a RoundTrips,
    deadline: Deadline,
    scope: Scope,
    writes: bool,
    repeatable: bool,
    claim: Option<Claim>,
    statements: Vec<Statement<()>>,
}

impl<'a> Tx<'a> {
    /// A transaction that only reads.
    pub fn reading(
        database: &'a Database,
        round_trips: &'a RoundTrips,
        deadline: Deadline,
        scope: Scope,
    ) -> Self {
        Self {
            database,
            round_trips,
            deadline,
            scope,
            writes: false,
            repeatable: true,
            claim: None,
            statements: Vec::new(),
        }
    }

    /// A transaction that changes something, under an idempotency claim when there is one.
    pub fn writing(
        database: &'a Database,
        round_trips: &'a RoundTrips,
        deadline: Deadline,
        scope: Scope,
        claim: Option<Claim>,
    ) -> Self {
        let repeatable = claim.is_some();
        Self { writes: true, repeatable, claim, ..Self::reading(database, round_trips, deadline, scope) }
    }

    /// Says that its statements have the same effect however often they run: when its COMMIT was not answered it is sent
    /// once more, as what only reads is, and what claims a key.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// Adds a statement; the handle leads to its rows once the transaction is done.
    pub fn add<R>(&mut self, statement: Statement<R>) -> Handle<R> {
        let Statement { name, sql, parameters, decode } = statement;
        let handle = Handle { index: self.statements.len(), name, decode, row: PhantomData };
        self.statements.push(Statement { name, sql, parameters, decode: |_| Ok(()) });
        handle
    }

    /// Puts the statements that are added from here on into that clinic, for a transaction that notes something in
    /// several clinics without an idempotency claim. Each statement sees one clinic's rows and no other's (C6).
    pub fn enter(&mut self, clinic: Uuid) {
        self.add(tenant(clinic));
    }

    /// Sends all statements in one flush and commits. A violated constraint or condition gives the slice's failure of
    /// its name, and nothing was changed.
    pub async fn commit<F: Failure>(mut self) -> Result<Done, Error<F>> {
        if self.claim.is_some() {
            return Err(Fault::internal("a claimed key needs commit_with_reply").into());
        }
        let (names, mut plan, end) = self.plan();
        let flushed = self.send(&mut plan, end).await?;
        match flushed.outcome {
            CommitOutcome::Committed => Ok(Done { rows: flushed.rows(2..end) }),
            outcome => Err(self.refusal(&outcome, &names)),
        }
    }

    /// As [`Tx::commit`]; `reply` reads the data of the answer. Under a claim the data is stored with the key, and a
    /// repetition of the request is answered with the stored data and has no effect.
    pub async fn commit_with_reply<T: DeserializeOwned, F: Failure>(
        mut self,
        reply: Statement<T>,
    ) -> Result<Stored<T>, Error<F>> {
        let Some(claim) = self.claim.take() else {
            let handle = self.add(reply);
            return Ok(Stored { data: self.commit().await?.one(&handle)?, replayed: false });
        };
        self.claimed(&claim, reply);
        let (names, mut plan, end) = self.plan();
        plan.extend(self.opening(false));
        let stored = claim::stored(&claim);
        let decode = stored.decode;
        plan.push(step(stored));
        plan.push(Step::Control("COMMIT"));
        let mut flushed = self.send(&mut plan, end).await?;
        let replayed = match &flushed.outcome {
            CommitOutcome::Committed => false,
            outcome if is_taken(outcome) => true,
            CommitOutcome::RolledBack { step: 2 | 3, state, .. } if state == "55P03" => {
                return Err(in_flight());
            }
            outcome => return Err(self.refusal(outcome, &names)),
        };
        // Behind COMMIT: BEGIN, settings, the stored reply.
        let row = flushed.take(end + 3).and_then(|rows| rows.into_iter().next());
        match row {
            Some(row) => {
                let stored = decode(&Columns(&row))
                    .map_err(|error| Fault::internal(format!("shared.stored_reply: {error}")))?;
                Ok(Stored { data: stored.replay(&claim)?, replayed })
            }
            // The connection was lost between COMMIT and the stored reply, or the key expired meanwhile.
            None => Err(commit_outcome::unknown().into()),
        }
    }

    /// Puts the claim before the statements, and the storing of the reply behind them.
    fn claimed<T>(&mut self, claim: &Claim, reply: Statement<T>) {
        let effect = std::mem::take(&mut self.statements);
        self.add(claim::forget_if_expired(claim));
        self.add(claim::claim(claim));
        self.statements.extend(effect);
        self.add(reply);
        self.add(claim::store(claim));
    }

    /// The steps from BEGIN to COMMIT, the names of their statements, and the index of COMMIT.
    fn plan(&mut self) -> (Vec<&'static str>, Vec<Step>, usize) {
        let statements = std::mem::take(&mut self.statements);
        let mut names = vec!["BEGIN", "settings"];
        names.extend(statements.iter().map(|statement| statement.name));
        names.push("COMMIT");
        let mut steps = Vec::from(self.opening(true));
        steps.extend(statements.into_iter().map(step));
        steps.push(Step::Control("COMMIT"));
        let end = steps.len() - 1;
        (names, steps, end)
    }

    /// BEGIN and the settings. The transaction behind COMMIT admits nobody: if the first was refused, that is the answer.
    fn opening(&self, admits: bool) -> [Step; 2] {
        let begin = if self.writes { "BEGIN" } else { "BEGIN READ ONLY" };
        [Step::Control(begin), step(self.settings(admits))]
    }

    fn settings(&self, admits: bool) -> Statement<()> {
        let caller = self.scope.caller.filter(|_| admits);
        settings(self.scope, caller, self.deadline.left())
    }

    /// Sends the plan; once more when the server ended the session before COMMIT, or when the connection was lost and a
    /// repetition is harmless.
    async fn send(&self, plan: &mut [Step], end: usize) -> Result<Flushed, Fault> {
        let first = self.attempt(plan, end).await?;
        let again = commit_outcome::is_worth_repeating(&first.outcome)
            || (self.repeatable && matches!(first.outcome, CommitOutcome::Unknown) && !first.out_of_time);
        if again { self.attempt(plan, end).await } else { Ok(first) }
    }

    async fn attempt(&self, plan: &mut [Step], end: usize) -> Result<Flushed, Fault> {
        if self.deadline.left() < Duration::from_millis(400) {
            return Err(
                Fault::from(&DEADLINE_EXCEEDED).because("too little time left to start a transaction")
            );
        }
        let use_of = if self.writes { Use::Writing(self.scope.clinic) } else { Use::Reading };
        let lease: Lease = self.database.connection(self.deadline, use_of).await?;
        let Some(client) = lease.client() else {
            return Err(Fault::internal("a lease without connection"));
        };
        // The wait for a connection and a first attempt took time: the server gets the time that is left now.
        for place in [1, end + 2] {
            if let Some(limits) = plan.get_mut(place) {
                *limits = step(self.settings(place == 1));
            }
        }
        let passengers = Passengers::of(self.round_trips.due(self.writes)?);
        let mut replies = Vec::new();
        let flight = self.round_trips.begin(|| names(plan));
        let limit = self.deadline.less(Duration::from_millis(100));
        let steps = passengers.among(plan);
        let flushing = flush(client, &steps, &mut replies);
        let out_of_time = tokio::time::timeout_at(limit, flushing).await.is_err();
        let admitted = passengers.leave(self.round_trips, &mut replies);
        let outcome = judge(replies.get(..=end).unwrap_or_default());
        flight.end(self.round_trips, rows(&replies), outcome.state());
        if self.writes && matches!(outcome, CommitOutcome::Committed) {
            self.round_trips.wrote();
        }
        let flushed = Flushed { replies, outcome, out_of_time };
        if flushed.is_connection_sound() {
            lease.give_back();
        }
        admitted.map(|()| flushed)
    }

    /// The error of a transaction that was not committed: the slice's failure of the constraint, or a common fault.
    fn refusal<F: Failure>(&self, outcome: &CommitOutcome, names: &[&'static str]) -> Error<F> {
        match outcome {
            CommitOutcome::RolledBack { step, state, constraint, .. } => {
                let name = constraint.as_deref();
                let statement = names.get(*step).copied().unwrap_or("COMMIT");
                let of_foreign_key =
                    || F::of_foreign_key(statement).filter(|_| state == FOREIGN_KEY_VIOLATION);
                if let Some(failure) = name.and_then(F::of_constraint).or_else(of_foreign_key) {
                    return failure.into();
                }
                let common = match name {
                    Some("version_stale") => Some(&VERSION_STALE),
                    Some("email_verified") => Some(&EMAIL_NOT_VERIFIED),
                    Some("session_ended") => Some(&SESSION_ENDED),
                    Some("access_changed") => Some(&ACCESS_CHANGED),
                    _ => None,
                };
                if let Some(problem) = common {
                    return Fault::from(problem).into();
                }
                commit_outcome::fault(state, name, statement, self.writes).into()
            }
            CommitOutcome::Committed | CommitOutcome::Unknown if self.writes => {
                commit_outcome::unknown().into()
            }
            CommitOutcome::Committed | CommitOutcome::Unknown => commit_outcome::unavailable().into(),
        }
    }
}

fn step<R>(statement: Statement<R>) -> Step {
    Step::Query(statement.name, statement.sql, statement.parameters)
}

/// The names of a flush's statements, in order.
fn names(plan: &[Step]) -> Vec<&'static str> {
    let named = plan.iter().filter_map(|step| match step {
        Step::Query(name, ..) => Some(*name),
        Step::Control(_) => None,
    });
    named.collect()
}

/// The number of rows that came back.
fn rows(replies: &[Option<Reply>]) -> usize {
    replies.iter().flatten().flatten().map(Vec::len).sum()
}

/// Whether the claim hit a key that is there.
fn is_taken(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::RolledBack { constraint: Some(name), .. } if name == claim::CLAIMED_ONCE)
}

/// The fault when a twin holds the key and has not committed within the lock time-out.
fn in_flight<F>() -> Error<F> {
    Fault::from(&IDEMPOTENCY_KEY_IN_FLIGHT).into()
}

/// The transaction-local settings: tenant and limits. The server's limits end before ours, each before the next:
/// lock, statement, transaction (D10). `transaction_timeout` is set to 0 first, because a running timer is never
/// changed and a database default would win silently. The caller is admitted in the same message.
fn settings(scope: Scope, caller: Option<Admission>, left: Duration) -> Statement<()> {
    let transaction = left.saturating_sub(Duration::from_millis(300)).max(Duration::from_millis(3));
    let statement = left.saturating_sub(Duration::from_millis(400)).max(Duration::from_millis(2));
    let lock = LOCK_TIMEOUT.min(statement / 2).max(Duration::from_millis(1));
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let milliseconds = |limit: Duration| limit.as_millis().to_string();
    let bound = |set: Statement<()>| {
        set.bind(text(scope.clinic))
            .bind(text(scope.account))
            .bind(milliseconds(lock))
            .bind(milliseconds(statement))
            .bind(milliseconds(transaction))
    };
    let Some(caller) = caller else {
        return bound(Statement::new(
            "shared.settings",
            "SELECT set_config('app.clinic_id', $1, true),
                    set_config('app.account_id', $2, true),
                    set_config('lock_timeout', $3, true),
                    set_config('statement_timeout', $4, true),
                    set_config('transaction_timeout', '0', true),
                    set_config('transaction_timeout', $5, true),
                    set_config('idle_in_transaction_session_timeout', $5, true)",
        ));
    };
    let admitting = bound(Statement::new(
        "shared.settings_and_admission",
        "SELECT set_config('app.clinic_id', $1, true),
                set_config('app.account_id', $2, true),
                set_config('lock_timeout', $3, true),
                set_config('statement_timeout', $4, true),
                set_config('transaction_timeout', '0', true),
                set_config('transaction_timeout', $5, true),
                set_config('idle_in_transaction_session_timeout', $5, true),
                kernel.admit($6, $7, $8, $9, $10)",
    ));
    admitting.bind(scope.clinic).bind(caller.member).bind(caller.session).bind(caller.version).bind(caller.at)
}

/// Sets the clinic that row-level security compares with from here to the end of the transaction.
fn tenant(clinic: Uuid) -> Statement<()> {
    Statement::new("shared.tenant", "SELECT set_config('app.clinic_id', $1, true)").bind(clinic.to_string())
}

/// The replies to a flush, and their outcome.
struct Flushed {
    replies: Vec<Option<Reply>>,
    outcome: CommitOutcome,
    out_of_time: bool,
}

impl Flushed {
    /// Whether every step was answered and no answer ended the session.
    fn is_connection_sound(&self) -> bool {
        let lost = matches!(
            &self.outcome,
            CommitOutcome::Unknown | CommitOutcome::RolledBack { session_lost: true, .. }
        ) || self.outcome.state().is_some_and(commit_outcome::is_servers_plight);
        let broken = |reply: &Option<Reply>| match reply {
            Some(Ok(_)) => false,
            Some(Err(error)) => error.as_db_error().is_none(),
            None => true,
        };
        !lost && !self.replies.iter().any(broken)
    }

    fn take(&mut self, index: usize) -> Option<Vec<Row>> {
        self.replies.get_mut(index)?.take()?.ok()
    }

    fn rows(mut self, range: std::ops::Range<usize>) -> Vec<Vec<Row>> {
        range.map(|index| self.take(index).unwrap_or_default()).collect()
    }
}

/// The rows of a committed transaction.
#[derive(Debug)]
pub struct Done {
    rows: Vec<Vec<Row>>,
}

impl Done {
    /// All rows of a statement.
    pub fn many<R>(&self, handle: &Handle<R>) -> Result<Vec<R>, Fault> {
        let rows = self.rows.get(handle.index).map(Vec::as_slice).unwrap_or_default();
        rows.iter()
            .map(|row| (handle.decode)(&Columns(row)))
            .collect::<Result<_, _>>()
            .map_err(|error| Fault::internal(format!("{}: {error}", handle.name)))
    }

    /// The row of a statement that gives one row or none.
    pub fn optional<R>(&self, handle: &Handle<R>) -> Result<Option<R>, Fault> {
        Ok(self.many(handle)?.into_iter().next())
    }

    /// The row of a statement that always gives one row.
    pub fn one<R>(&self, handle: &Handle<R>) -> Result<R, Fault> {
        self.optional(handle)?.ok_or_else(|| Fault::internal(format!("{} gave no row", handle.name)))
    }
}
