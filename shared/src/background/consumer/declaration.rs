//! A consumer's declaration as a value, and the frame around every attempt to take an event.

use super::{ATTEMPTS, Consumer, Delivery, Halt};
use crate::app::{App, Needs};
use crate::background::log_lines;
use crate::database::Statement;
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::http::Sample;
use crate::outbox::Event;
use crate::telemetry::{self, Instrument as _};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

type Taking<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;
type GivingUp<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A consumer's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct ConsumerDeclaration {
    /// The name of the consumer's binary and queue.
    pub name: &'static str,
    /// The consumer's task, in one line.
    pub summary: &'static str,
    /// The kinds of events that the consumer hears.
    pub kinds: &'static [&'static str],
    /// The time that the function may take for a batch.
    pub timeout: Duration,
    /// What the consumer cannot do without.
    pub needs: Needs,
    /// Every statement that the consumer may send.
    pub statements: fn(&Sample<'_>) -> Vec<Statement<()>>,
    take: for<'a> fn(&'a App, &'a Event, Attempt, Deadline) -> Taking<'a>,
    give_up: for<'a> fn(&'a App, &'a Event, Deadline) -> GivingUp<'a>,
}

/// The number of an attempt, from 1 to [`ATTEMPTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub i64);

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
            give_up: |app, event, deadline| Box::pin(give_up_untried::<C>(app, event, deadline)),
        }
    }

    /// Takes an event. An error means that the event is to be tried again or, at the last attempt, was given up.
    pub async fn take(
        &self,
        app: &App,
        event: &Event,
        attempt: Attempt,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        (self.take)(app, event, attempt, deadline).await
    }

    /// Hands back an event that was not tried. At the last attempt the event is given up: there is no other attempt.
    pub(crate) async fn hand_back(&self, app: &App, event: &Event, attempt: Attempt, deadline: Deadline) {
        if attempt.is_last() {
            (self.give_up)(app, event, deadline).await;
        }
    }
}

async fn take<C: Consumer>(
    app: &App,
    event: &Event,
    attempt: Attempt,
    deadline: Deadline,
) -> Result<(), Fault> {
    let started = Instant::now();
    let mut delivery = Delivery::new::<C>(app, event, deadline);
    let span = telemetry::consumer_run(C::NAME, &event.kind, event.id, &mut delivery.trace);
    let outcome = within(deadline, C::take(&delivery)).instrument(span.clone()).await;
    let outcome = match outcome {
        Ok(()) if !delivery.is_noted() => Err(Fault::internal("the consumer ended without noting the event")),
        Ok(()) | Err(Halt::Taken) => Ok(()),
        Err(Halt::Fault(fault)) => Err(fault),
    };
    if outcome.is_err() && attempt.is_last() {
        give_up::<C>(&delivery).instrument(span.clone()).await;
    }
    if let Err(fault) = &outcome {
        telemetry::failed(&span, fault.problem.code);
    }
    if delivery.round_trips.has_written() {
        app.nudge().await;
    }
    log_lines::consumed(&log_lines::Consumed {
        function: C::NAME,
        event,
        trace_id: &delivery.trace.trace_id,
        attempt: attempt.0,
        duration: started.elapsed(),
        round_trips: delivery.round_trips.count(),
        fault: outcome.as_ref().err(),
    });
    outcome
}

async fn give_up_untried<C: Consumer>(app: &App, event: &Event, deadline: Deadline) {
    let mut delivery = Delivery::new::<C>(app, event, deadline);
    let span = telemetry::consumer_run(C::NAME, &event.kind, event.id, &mut delivery.trace);
    give_up::<C>(&delivery).instrument(span).await;
    if delivery.round_trips.has_written() {
        app.nudge().await;
    }
}

async fn give_up<C: Consumer>(delivery: &Delivery<'_>) {
    let giving_up = async { C::give_up(delivery).await.map_err(Halt::from) };
    if let Err(Halt::Fault(fault)) = within(delivery.deadline, giving_up).await {
        tracing::error!(event = "give_up", function = C::NAME, reason = fault.private, "giving up failed");
    }
}

/// Runs `steps` to the deadline. A panic, and the end of the time, are faults like any other.
async fn within(deadline: Deadline, steps: impl Future<Output = Result<(), Halt>>) -> Result<(), Halt> {
    let guarded = AssertUnwindSafe(steps).catch_unwind();
    match tokio::time::timeout_at(deadline.less(Duration::from_millis(50)), guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Fault::internal("the consumer panicked").into()),
        Err(_) => Err(Fault::from(&crate::failure::problem::DEADLINE_EXCEEDED)
            .because("the consumer was cut off")
            .into()),
    }
}
