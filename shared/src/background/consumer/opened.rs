//! A consumer with its parts, ready to take events; and the frame around every attempt.

use super::{Attempt, Consumer, ConsumerDeclaration, Delivery, Halt};
use crate::app::App;
use crate::background::log_lines;
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::outbox::Event;
use crate::parts::{Noted, Opening, Parts};
use crate::telemetry::{self, Instrument as _};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A consumer with its parts, ready to take events.
#[derive(Clone)]
pub struct OpenConsumer {
    /// What every function has.
    pub app: Arc<App>,
    /// The consumer.
    pub declaration: ConsumerDeclaration,
    pub(super) steps: Arc<dyn Take>,
}

impl std::fmt::Debug for OpenConsumer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OpenConsumer({})", self.declaration.name)
    }
}

impl OpenConsumer {
    /// Takes an event. An error means that the event is to be tried again or, at the last attempt, was given up.
    pub async fn take(&self, event: &Event, attempt: Attempt, deadline: Deadline) -> Result<(), Fault> {
        self.steps.take(&self.app, event, attempt, deadline).await
    }

    /// Hands back an event that was not tried. At the last attempt the event is given up: there is no other attempt.
    pub(crate) async fn hand_back(&self, event: &Event, attempt: Attempt, deadline: Deadline) {
        if attempt.is_last() {
            self.steps.give_up(&self.app, event, deadline).await;
        }
    }
}

/// The steps that know the consumer's type.
pub(super) trait Take: Send + Sync {
    fn take<'a>(
        &'a self,
        app: &'a App,
        event: &'a Event,
        attempt: Attempt,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>>;

    fn give_up<'a>(&'a self, app: &'a App, event: &'a Event, deadline: Deadline) -> BoxFuture<'a, ()>;
}

/// Opens the parts of a consumer.
pub(super) fn open<C: Consumer>(opening: &Opening) -> Result<Arc<dyn Take>, Noted> {
    let parts = <C::Parts as Parts>::open(opening)?;
    Ok(Arc::new(WithParts::<C>(parts)))
}

struct WithParts<C: Consumer>(<C::Parts as Parts>::Opened);

impl<C: Consumer> Take for WithParts<C> {
    fn take<'a>(
        &'a self,
        app: &'a App,
        event: &'a Event,
        attempt: Attempt,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(take::<C>(Delivery::new::<C>(app, &self.0, event, deadline), attempt))
    }

    fn give_up<'a>(&'a self, app: &'a App, event: &'a Event, deadline: Deadline) -> BoxFuture<'a, ()> {
        Box::pin(give_up_untried::<C>(Delivery::new::<C>(app, &self.0, event, deadline)))
    }
}

async fn take<C: Consumer>(mut delivery: Delivery<'_, C::Parts>, attempt: Attempt) -> Result<(), Fault> {
    let started = Instant::now();
    let event = delivery.event;
    let span = telemetry::consumer_run(C::NAME, &event.kind, event.id, &mut delivery.trace);
    let outcome = within(delivery.deadline, C::take(&delivery)).instrument(span.clone()).await;
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
    nudge(&delivery).await;
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

async fn give_up_untried<C: Consumer>(mut delivery: Delivery<'_, C::Parts>) {
    let event = delivery.event;
    let span = telemetry::consumer_run(C::NAME, &event.kind, event.id, &mut delivery.trace);
    give_up::<C>(&delivery).instrument(span).await;
    nudge(&delivery).await;
}

/// Nudges the relay after whatever may have written to the outbox.
async fn nudge<P: Parts>(delivery: &Delivery<'_, P>) {
    if delivery.round_trips.has_written() {
        delivery.app.nudge.nudge().await;
    }
}

async fn give_up<C: Consumer>(delivery: &Delivery<'_, C::Parts>) {
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
