//! All that the sandbox knows.

use crate::Clock;
use crate::asked::Request;
use crate::elsewhere::Dispute;
use crate::events::Event;
use crate::faults::Fault;
use crate::idempotency::Keys;
use crate::ids::Ids;
use crate::intent::PaymentIntent;
use crate::refunds::Refund;
use jiff::Timestamp;
use std::collections::VecDeque;

/// What is behind the lock.
pub(crate) struct State {
    clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    /// The oldest first, as all of these.
    pub(crate) intents: Vec<PaymentIntent>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) events: Vec<Event>,
    pub(crate) requests: Vec<Request>,
    /// What the next requests meet.
    pub(crate) faults: VecDeque<Fault>,
}

impl State {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            ids: Ids::new(clock()),
            clock,
            keys: Keys::default(),
            intents: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            events: Vec::new(),
            requests: Vec::new(),
            faults: VecDeque::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The intent of that id, whatever its account.
    pub(crate) fn intent(&mut self, id: &str) -> Option<&mut PaymentIntent> {
        self.intents.iter_mut().rev().find(|intent| intent.id == id)
    }

    /// The intent of that id under that account.
    pub(crate) fn intent_of(&mut self, account: Option<&str>, id: &str) -> Option<&mut PaymentIntent> {
        self.intent(id).filter(|intent| intent.account.as_deref() == account)
    }
}
