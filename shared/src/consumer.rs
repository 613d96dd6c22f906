//! Consumers: what happens after a change (E4).
//!
//! A consumer is declared like an endpoint and is a binary of its own. It takes the events of its queue at least once
//! and has each effect exactly once: its transaction begins with the event's row in `kernel.inbox`, and a second one
//! cannot be written. It takes the events of one thing in order: the same transaction refuses an event whose
//! predecessor it has not taken.

use crate::app::App;
use crate::database::{Done, Scope, Statement, Trips, Tx};
use crate::deadline::Deadline;
use crate::endpoint::Sample;
use crate::failure::{Error, Fault};
use crate::failures;
use crate::logging;
use crate::outbox::Event;
use crate::settings::Needs;
use crate::trace::Trace;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often an event is tried before it becomes a dead letter.
pub const ATTEMPTS: i32 = 5;

/// A consumer.
pub trait Consumer: 'static {
    /// The name of its binary and its queue, e.g. `send-mail`; unique in the workspace.
    const NAME: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// The kinds of events that it hears.
    const KINDS: &'static [&'static str];
    /// What its function may take for a batch of up to ten events. One event has ten seconds at most.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// What it needs beside the database.
    const NEEDS: Needs = Needs::DATABASE;

    /// Every statement it may send, as [`Endpoint::statements`](crate::endpoint::Endpoint::statements).
    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>>;

    /// Has the effect of the turn's event, within [`Turn::begin`] and [`Turn::commit`]. An error has it tried again.
    fn take(turn: &Turn<'_>) -> impl Future<Output = Result<(), Halt>> + Send;

    /// Called when the last attempt has failed and the event becomes a dead letter. Does nothing unless something
    /// waits for the effect, such as a job.
    fn give_up(_turn: &Turn<'_>) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
}

failures! {
    /// Why a turn's transaction was refused.
    enum Refusal {
        /// The event was taken before.
        Taken = 409 "EVENT_TAKEN", "Event taken", "This consumer has taken this event before.",
            violates ["inbox_once"];
        /// An earlier event of the same thing was not taken yet.
        OutOfTurn = 409 "EVENT_OUT_OF_TURN", "Event out of turn",
            "This consumer has not taken an earlier event of the same thing.", violates ["event_in_turn"];
    }
}

/// Why a consumer stops.
#[derive(Debug)]
pub enum Halt {
    /// The event was taken before: nothing is left to do.
    Taken,
    /// Something went wrong: it is tried again.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error<Refusal>> for Halt {
    fn from(error: Error<Refusal>) -> Self {
        match error {
            Error::Refused(Refusal::Taken) => Self::Taken,
            Error::Refused(refusal @ Refusal::OutOfTurn) => {
                Self::Fault(Error::Refused(refusal).into()).because("an earlier event was not taken yet")
            }
            Error::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl Halt {
    fn because(self, private: &str) -> Self {
        match self {
            Self::Taken => Self::Taken,
            Self::Fault(fault) => Self::Fault(fault.because(private)),
        }
    }
}

/// One event in the hands of a consumer.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The injected parts.
    pub app: &'a App,
    /// The event.
    pub event: &'a Event,
    /// The trace that began with the change.
    pub trace: Trace,
    /// When it was taken: one instant for everything it writes.
    pub now: Timestamp,
    /// By when it must be done.
    pub deadline: Deadline,
    consumer: &'static str,
    kinds: &'static [&'static str],
    trips: Trips,
    noted: AtomicBool,
}

impl<'a> Turn<'a> {
    fn new<C: Consumer>(app: &'a App, event: &'a Event, deadline: Deadline) -> Self {
        let now = app.clock.now();
        Self {
            app,
            event,
            trace: Trace::continue_from(Some(&event.traceparent), app.ids.as_ref(), now),
            now,
            deadline,
            consumer: C::NAME,
            kinds: C::KINDS,
            trips: Trips::default(),
            noted: AtomicBool::new(false),
        }
    }

    /// The tenant.
    pub fn clinic(&self) -> Uuid {
        self.event.clinic_id
    }

    /// The id of that name, which events of this kind always have.
    pub fn id(&self, name: &'static str) -> Result<Uuid, Fault> {
        self.event.id_of(name).ok_or_else(|| Fault::internal(format!("the event has no {name}")))
    }

    /// A new id, made at this turn's instant.
    pub fn new_id(&self) -> Uuid {
        self.app.ids.new_id(self.now)
    }

    /// A reading transaction within the event's tenant.
    pub fn read(&self) -> Tx<'_> {
        Tx::reading(&self.app.database, &self.trips, self.deadline, self.scope())
    }

    /// A writing transaction that is not the effect: for what must be kept whether or not the effect follows.
    pub fn prepare(&self) -> Tx<'_> {
        Tx::writing(&self.app.database, &self.trips, self.deadline, self.scope(), None)
    }

    /// The transaction of the effect: it is the event's turn, and the event is noted in the inbox.
    pub fn begin(&self) -> Tx<'_> {
        let mut tx = self.prepare();
        tx.add(ensure_turn(self.consumer, self.kinds, self.event));
        tx.add(note(self.consumer, self.event, self.now));
        tx
    }

    /// Commits what [`Turn::begin`] began.
    pub async fn commit(&self, effect: Tx<'_>) -> Result<Done, Halt> {
        let done = effect.commit::<Refusal>().await?;
        self.noted.store(true, Ordering::Relaxed);
        Ok(done)
    }

    fn scope(&self) -> Scope {
        Scope { clinic: Some(self.event.clinic_id), account: None }
    }
}

fn ensure_turn(consumer: &'static str, kinds: &'static [&'static str], event: &Event) -> Statement<()> {
    Statement::new(
        "shared.ensure_turn",
        "SELECT kernel.ensure(kernel.is_turn($1, $2, $3, $4, $5), 'event_in_turn')",
    )
    .bind(consumer)
    .bind(kinds.to_vec())
    .bind(event.aggregate.clone())
    .bind(event.aggregate_id)
    .bind(event.seq)
}

fn note(consumer: &'static str, event: &Event, now: Timestamp) -> Statement<()> {
    Statement::new(
        "shared.note_event",
        "INSERT INTO kernel.inbox (consumer, event_id, clinic_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(consumer)
    .bind(event.id)
    .bind(event.clinic_id)
    .bind(now)
}

/// The statements of every turn, for the checks that prepare and explain them.
pub(crate) fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let event = Event {
        id: sample.call.new_id(),
        clinic_id: sample.clinic(),
        aggregate: "patient".to_owned(),
        aggregate_id: sample.id("patient"),
        seq: 5,
        kind: "patient.updated".to_owned(),
        ids: [].into(),
        traceparent: String::new(),
        created_at: sample.call.now,
    };
    let kinds = &["patient.created", "patient.updated"];
    vec![ensure_turn("sample", kinds, &event), note("sample", &event, sample.call.now)]
}

type Taking<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

/// A consumer's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct ConsumerDeclaration {
    /// The name of its binary and its queue.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The kinds of events that it hears.
    pub kinds: &'static [&'static str],
    /// What its function may take for a batch.
    pub timeout: Duration,
    /// What it cannot do without.
    pub needs: Needs,
    /// Every statement it may send.
    pub statements: fn(&Sample<'_>) -> Vec<Statement<()>>,
    take: for<'a> fn(&'a App, &'a Event, Attempt, Deadline) -> Taking<'a>,
}

/// Which attempt it is, from 1 to [`ATTEMPTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub i32);

impl Attempt {
    fn is_last(self) -> bool {
        self.0 >= ATTEMPTS
    }
}

impl ConsumerDeclaration {
    /// The declaration of `C`.
    pub fn of<C: Consumer>() -> Self {
        Self {
            name: C::NAME,
            summary: C::SUMMARY,
            kinds: C::KINDS,
            timeout: C::TIMEOUT,
            needs: C::NEEDS,
            statements: C::statements,
            take: |app, event, attempt, deadline| Box::pin(take::<C>(app, event, attempt, deadline)),
        }
    }

    /// Takes an event. An error means that it is to be tried again, or, at the last attempt, that it was given up.
    pub async fn take(
        &self,
        app: &App,
        event: &Event,
        attempt: Attempt,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        (self.take)(app, event, attempt, deadline).await
    }
}

async fn take<C: Consumer>(
    app: &App,
    event: &Event,
    attempt: Attempt,
    deadline: Deadline,
) -> Result<(), Fault> {
    let started = Instant::now();
    let turn = Turn::new::<C>(app, event, deadline);
    let outcome = within(deadline, C::take(&turn)).await;
    let outcome = match outcome {
        Ok(()) if !turn.noted.load(Ordering::Relaxed) => {
            Err(Fault::internal("the consumer ended without noting the event"))
        }
        Err(Halt::Taken) => Ok(()),
        Ok(()) => Ok(()),
        Err(Halt::Fault(fault)) => Err(fault),
    };
    if outcome.is_err() && attempt.is_last() {
        let given_up = within(deadline, async { C::give_up(&turn).await.map_err(Halt::from) }).await;
        if let Err(Halt::Fault(fault)) = given_up {
            tracing::error!(
                event = "give_up",
                function = C::NAME,
                reason = fault.private,
                "giving up failed"
            );
        }
    }
    if turn.trips.has_written() {
        app.nudge();
    }
    logging::consumed(&logging::Consumed {
        function: C::NAME,
        event,
        trace_id: &turn.trace.trace_id,
        attempt: attempt.0,
        duration: started.elapsed(),
        round_trips: turn.trips.count(),
        fault: outcome.as_ref().err(),
    });
    outcome
}

/// A panic or running out of time is a fault like any other.
async fn within(deadline: Deadline, steps: impl Future<Output = Result<(), Halt>>) -> Result<(), Halt> {
    let guarded = AssertUnwindSafe(steps).catch_unwind();
    match tokio::time::timeout_at(deadline.less(Duration::from_millis(50)), guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Fault::internal("the consumer panicked").into()),
        Err(_) => {
            Err(Fault::from(&crate::problem::DEADLINE_EXCEEDED).because("the consumer was cut off").into())
        }
    }
}
