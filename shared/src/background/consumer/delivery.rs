//! A consumer's transaction: the event's turn is checked, the event is noted, the effect follows.

use super::{Consumer, Halt};
use crate::app::App;
use crate::database::{Done, RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, Fault};
use crate::failures;
use crate::outbox::Event;
use crate::parts::Parts;
use crate::telemetry::Trace;
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

failures! {
    /// Why the transaction of an effect was refused.
    enum Refusal {
        /// The event was taken before.
        Taken = 409 "EVENT_TAKEN", "Event taken", "This consumer has taken this event before.",
            violates ["inbox_once"];
        /// An earlier event of the same thing is not taken yet.
        OutOfTurn = 409 "EVENT_OUT_OF_TURN", "Event out of turn",
            "This consumer has not taken an earlier event of the same thing.", violates ["event_in_turn"];
    }
}

impl From<Error<Refusal>> for Halt {
    fn from(error: Error<Refusal>) -> Self {
        match error {
            Error::Refused(Refusal::Taken) => Self::Taken,
            Error::Refused(refusal @ Refusal::OutOfTurn) => {
                let fault: Fault = Error::Refused(refusal).into();
                Self::Fault(fault.because("an earlier event was not taken yet"))
            }
            Error::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// One event in the hands of a consumer, with the parts that the consumer names.
pub struct Delivery<'a, P: Parts = ()> {
    /// What every function has.
    pub app: &'a App,
    /// The consumer's parts.
    pub parts: &'a P::Opened,
    /// The event.
    pub event: &'a Event,
    /// The trace of the change.
    pub trace: Trace,
    /// When the delivery began: one instant for everything that is written.
    pub now: Timestamp,
    /// The instant by which the effect must be committed.
    pub deadline: Deadline,
    pub(super) round_trips: RoundTrips,
    consumer: &'static str,
    kinds: &'static [&'static str],
    noted: AtomicBool,
}

impl<P: Parts> std::fmt::Debug for Delivery<'_, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Delivery({}, {})", self.consumer, self.event.id)
    }
}

impl<'a, P: Parts> Delivery<'a, P> {
    pub(super) fn new<C: Consumer<Parts = P>>(
        app: &'a App,
        parts: &'a P::Opened,
        event: &'a Event,
        deadline: Deadline,
    ) -> Self {
        let now = app.clock.now();
        Self {
            app,
            parts,
            event,
            trace: Trace::continue_from(Some(&event.traceparent), app.ids.as_ref(), now),
            now,
            deadline,
            consumer: C::NAME,
            kinds: C::KINDS,
            round_trips: RoundTrips::default(),
            noted: AtomicBool::new(false),
        }
    }

    /// The tenant.
    pub fn clinic(&self) -> Uuid {
        self.event.clinic_id
    }

    /// The event's id of that name. An event without it is a fault.
    pub fn id(&self, name: &'static str) -> Result<Uuid, Fault> {
        self.event.id_of(name).ok_or_else(|| Fault::internal(format!("the event has no {name}")))
    }

    /// A new id, made at this delivery's instant.
    pub fn new_id(&self) -> Uuid {
        self.app.ids.new_id(self.now)
    }

    /// A reading transaction within the event's tenant.
    pub fn read(&self) -> Tx<'_> {
        Tx::reading(&self.app.database, &self.round_trips, self.deadline, self.scope())
    }

    /// A writing transaction beside the effect: for rows that must stay whether or not the effect follows.
    pub fn aside(&self) -> Tx<'_> {
        Tx::writing(&self.app.database, &self.round_trips, self.deadline, self.scope(), None)
    }

    /// The transaction of the effect. Its first statement checks the event's turn and notes the event in the inbox.
    pub fn begin(&self) -> Tx<'_> {
        let mut tx = self.aside();
        tx.add(take_turn(self.consumer, self.kinds, self.event, self.now));
        tx
    }

    /// Commits the transaction of [`Delivery::begin`].
    pub async fn commit(&self, effect: Tx<'_>) -> Result<Done, Halt> {
        let done = effect.commit::<Refusal>().await?;
        self.noted.store(true, Ordering::Relaxed);
        Ok(done)
    }

    /// Whether this delivery has noted the event.
    pub(super) fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Relaxed)
    }

    fn scope(&self) -> Scope {
        Scope { clinic: Some(self.event.clinic_id), ..Scope::default() }
    }
}

/// Notes the event, when its turn has come. One statement does both: Postgres parses and plans each statement anew.
fn take_turn(
    consumer: &'static str,
    kinds: &'static [&'static str],
    event: &Event,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "shared.take_turn",
        "INSERT INTO kernel.inbox (consumer, event_id, clinic_id, created_at, updated_at)
         SELECT $1, $2, $3, $4, $4
          WHERE kernel.ensure(kernel.is_turn($1, $5, $6, $7, $8), 'event_in_turn')",
    )
    .bind(consumer)
    .bind(event.id)
    .bind(event.clinic_id)
    .bind(now)
    .bind(kinds.to_vec())
    .bind(event.aggregate.clone())
    .bind(event.aggregate_id)
    .bind(event.seq)
}
