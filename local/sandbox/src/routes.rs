//! From a request to what it comes to.

use crate::asked::Asked;
use crate::faults::{Fault, in_use};
use crate::idempotency::{Found, Key};
use crate::reply::{Answer, Refusal, Sent};
use crate::state::State;
use crate::{attempt, intents, refunds};
use http::{Method, StatusCode};
use jiff::Timestamp;

/// The key that a request holds, and since when.
pub(crate) type Held = Option<(Key, Timestamp)>;

impl State {
    /// Decides what a request comes to, and notes it.
    pub(crate) fn answer(&mut self, asked: &Asked) -> (Sent, Held) {
        let (answer, held) = match asked.check() {
            Ok(()) => self.checked(asked),
            Err(refusal) => (refusal.into(), None),
        };
        self.requests.push(asked.noted(answer.sent.status()));
        (answer.sent, held)
    }

    fn checked(&mut self, asked: &Asked) -> (Answer, Held) {
        let fault = self.faults.pop_front();
        if let Some(answer) = fault.and_then(Fault::before) {
            return (answer, None);
        }
        let instead = fault.and_then(Fault::instead);
        let (answer, held) = self.under_its_key(asked, instead);
        (
            match fault {
                Some(fault) => fault.after(answer),
                None => answer,
            },
            held,
        )
    }

    /// Runs the request, unless its key says otherwise.
    fn under_its_key(&mut self, asked: &Asked, instead: Option<Refusal>) -> (Answer, Held) {
        let run = |state: &mut Self| {
            let answer = instead.map_or_else(|| state.run(asked), Err);
            answer.unwrap_or_else(Answer::from)
        };
        let Some(key) = asked.key.clone() else { return (run(self), None) };
        let (key, now, fingerprint) = ((asked.account.clone(), key), self.now(), asked.fingerprint());
        match self.keys.find(&key, &fingerprint, now) {
            Found::InUse => (in_use().into(), None),
            Found::Other => (belongs_to_another().into(), None),
            Found::Answered(reply) => (Answer::passing(Sent::Again(reply)), None),
            Found::Free => {
                let answer = run(self);
                self.keys.keep(key.clone(), fingerprint, now, answer.kept.clone());
                (answer, Some((key, now)))
            }
        }
    }

    fn run(&mut self, asked: &Asked) -> Result<Answer, Refusal> {
        let path = asked.path.strip_prefix("/v1/").unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        match (&asked.method, segments.as_slice()) {
            (&Method::POST, ["payment_intents"]) => attempt::create(self, asked),
            (&Method::GET, ["payment_intents"]) => intents::list(self, asked),
            (&Method::GET, ["payment_intents", id]) => intents::get(self, asked, id),
            (&Method::POST, ["payment_intents", id, "cancel"]) => intents::cancel(self, asked, id),
            (&Method::GET, ["refunds"]) => refunds::list(self, asked),
            (&Method::POST, ["refunds"]) => refunds::create(self, asked),
            (&Method::GET, ["refunds", id]) => refunds::get(self, asked, id),
            (method, _) => {
                let message = format!("Unrecognized request URL ({method}: {}).", asked.path);
                Err(Refusal::invalid(message).with_status(StatusCode::NOT_FOUND))
            }
        }
    }
}

/// The key was used for another request.
fn belongs_to_another() -> Refusal {
    let message =
        "Keys for idempotent requests can only be used with the same parameters they were first used with.";
    Refusal::invalid(message).with_kind("idempotency_error")
}
