//! What a call's next flush takes along: a take from a bucket costs no round trip of its own where one goes out anyway.

use super::flush::{Reply, Step};
use super::round_trips::RoundTrips;
use super::take::{Take, Taken, each, each_within, is_lost, on_credit, read};
use crate::failure::Fault;
use crate::failure::problem::{LIMITS_UNAVAILABLE, RATE_LIMITED};

/// When a take is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Before the BEGIN of the next flush, whose outcome does not depend on it.
    OnCredit,
    /// Before the BEGIN of the next flush, which only reads, and is good for nothing if it is not granted.
    BeforeReading,
    /// As the first statement of the next transaction, which reads in `app.limited` whether it is refused, and then changes
    /// nothing.
    Within,
}

/// What is to be taken along by a call's next flush.
#[derive(Debug, Default)]
pub(super) enum Takes {
    /// Nothing, or nothing any more.
    #[default]
    None,
    /// These, with the next flush.
    Due(Vec<Take>, Along),
    /// Nothing may be sent before the limits are asked.
    Closed,
    /// What came of them, one by one, up to the first that refused; nothing without an answer.
    Answered(Vec<Taken>),
}

impl RoundTrips {
    /// Has these taken with the call's next flush.
    pub fn take_along(&self, takes: Vec<Take>, along: Along) {
        *self.takes() = Takes::Due(takes, along);
    }

    /// Refuses every flush until something is taken along, or the call is [admitted](RoundTrips::admit).
    pub fn close(&self) {
        *self.takes() = Takes::Closed;
    }

    /// Sends flushes with nothing before them.
    pub fn admit(&self) {
        *self.takes() = Takes::None;
    }

    /// What is still due on credit, because no flush has gone out; nothing is any more then.
    pub fn left_over(&self) -> Vec<Take> {
        match std::mem::take(&mut *self.takes()) {
            Takes::Due(takes, Along::OnCredit) => takes,
            _ => Vec::new(),
        }
    }

    /// What came of what a flush took along, once; none where none has.
    pub fn take_answers(&self) -> Option<Vec<Taken>> {
        let mut takes = self.takes();
        match std::mem::take(&mut *takes) {
            Takes::Answered(answers) => Some(answers),
            other => {
                *takes = other;
                None
            }
        }
    }

    /// What the next flush takes along.
    pub(super) fn due(&self, writes: bool) -> Result<Option<(Vec<Take>, Along)>, Fault> {
        match &*self.takes() {
            Takes::Closed => Err(Fault::internal("a flush before the limits were asked")),
            Takes::Due(_, Along::BeforeReading) if writes => {
                Err(Fault::internal("what is written depends on a limit that is asked beside it"))
            }
            Takes::Due(takes, along) => Ok(Some((takes.clone(), *along))),
            Takes::None | Takes::Answered(_) => Ok(None),
        }
    }

    fn answered(&self, taken: Vec<Taken>) {
        *self.takes() = Takes::Answered(taken);
    }
}

/// The steps of takes, and where among a transaction's own they stand.
pub(super) struct Passengers {
    along: Along,
    count: usize,
    steps: Vec<Step>,
}

impl Passengers {
    /// The takes of this flush, if there are any.
    pub(super) fn of(due: Option<(Vec<Take>, Along)>) -> Self {
        let (takes, along) = due.unwrap_or((Vec::new(), Along::OnCredit));
        let steps = match along {
            _ if takes.is_empty() => Vec::new(),
            Along::OnCredit => takes.iter().map(on_credit).collect(),
            Along::BeforeReading => vec![each(&takes)],
            Along::Within => vec![each_within(&takes)],
        };
        Self { along, count: takes.len(), steps }
    }

    /// Before BEGIN, or behind the settings.
    fn place(&self) -> usize {
        if self.along == Along::Within { 2 } else { 0 }
    }

    /// The transaction's steps, with these among them.
    pub(super) fn among<'a>(&'a self, plan: &'a [Step]) -> Vec<&'a Step> {
        let (first, rest) = plan.split_at(self.place());
        first.iter().chain(&self.steps).chain(rest).collect()
    }

    /// Takes the answers to these from among the others. What was lost with the connection stays due where it decides; what was
    /// on credit may have been counted, and is not sent twice.
    pub(super) fn leave(
        &self,
        round_trips: &RoundTrips,
        replies: &mut Vec<Option<Reply>>,
    ) -> Result<(), Fault> {
        if self.steps.is_empty() {
            return Ok(());
        }
        let place = self.place();
        let own: Vec<_> = replies.drain(place..place + self.steps.len()).collect();
        let is_lost = own.iter().any(|reply| is_lost(reply.as_ref()));
        if is_lost && self.along != Along::OnCredit {
            return Ok(());
        }
        let taken: Vec<_> = own.into_iter().flat_map(read).collect();
        let outcome = if self.along == Along::OnCredit { Ok(()) } else { all_granted(&taken, self.count) };
        round_trips.answered(taken);
        outcome
    }
}

/// Refuses a call of which not all buckets have granted a token.
fn all_granted(taken: &[Taken], count: usize) -> Result<(), Fault> {
    if taken.iter().any(|taken| taken.granted == 0) {
        return Err(Fault::from(&RATE_LIMITED));
    }
    if taken.len() < count {
        return Err(Fault::from(&LIMITS_UNAVAILABLE).because("a limit was not answered"));
    }
    Ok(())
}
