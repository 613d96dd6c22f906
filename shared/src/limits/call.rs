//! The limits of one call: what was asked on its behalf, and what its reply says of that.

use super::left_over::LeftOver;
use super::limiter::{Limiter, Store};
use super::rule::Bucket;
use super::shown::Shown;
use super::strict::Asked;
use crate::database::{Database, RoundTrips, Take, Taken};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::RATE_LIMITED;
use http::HeaderMap;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The limits of one call.
pub struct CallLimits<'a> {
    pub(super) limiter: &'a Limiter,
    pub(super) database: &'a Database,
    pub(super) round_trips: &'a RoundTrips,
    pub(super) deadline: Deadline,
    now: Timestamp,
    state: Mutex<State>,
}

impl std::fmt::Debug for CallLimits<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CallLimits")
    }
}

/// What was asked so far, and with what answer.
#[derive(Default)]
pub(super) struct State {
    shown: Shown,
    /// What is told beside the work, and where.
    pub(super) credit: Option<(Bucket, Take, Store)>,
    /// Strict buckets of which one more has to be named.
    pub(super) unnamed: Option<(Vec<Bucket>, Asked)>,
    /// Strict buckets whose answer comes with a flush.
    pub(super) strict: Vec<Bucket>,
    /// Whether strict buckets have answered.
    pub(super) is_asked: bool,
    /// The bucket that the handler has named.
    pub(super) named: Option<Bucket>,
    /// What was taken of whom, and where.
    pub(super) charged: Vec<(Bucket, i32, Store)>,
    /// What is given back once the reply is out, and where.
    pub(super) back: Vec<(Take, Store)>,
}

impl<'a> CallLimits<'a> {
    /// The limits of a call that comes now.
    pub fn new(
        limiter: &'a Limiter,
        database: &'a Database,
        round_trips: &'a RoundTrips,
        deadline: Deadline,
        now: Timestamp,
    ) -> Self {
        Self { limiter, database, round_trips, deadline, now, state: Mutex::default() }
    }

    /// Whether the store's answer refuses a request that was admitted on credit: one that only read is good for nothing then.
    pub fn judge(&self, may_have_written: bool) -> Result<(), Fault> {
        self.harvest();
        let is_over = self.state().shown.is_refused();
        if is_over && !may_have_written { Err(Fault::from(&RATE_LIMITED)) } else { Ok(()) }
    }

    /// The headers of the reply, whatever it is.
    pub fn show_in(&self, headers: &mut HeaderMap) {
        self.harvest();
        self.state().shown.show_in(headers, self.limiter.times());
    }

    /// The refusal with the rules that refuse, and how long to wait.
    pub fn explain(&self, fault: Fault) -> Fault {
        if fault.problem.code != RATE_LIMITED.code {
            return fault;
        }
        self.harvest();
        self.state().shown.explain(fault)
    }

    /// What is still to be told once the reply is out.
    pub fn left_over(&self, limiter: &Arc<Limiter>, database: &Arc<Database>) -> Option<LeftOver> {
        self.harvest();
        let mut state = self.state();
        let mut takes = std::mem::take(&mut state.back);
        takes.extend(self.round_trips.left_over().into_iter().map(|take| (take, Store::Database)));
        let untold = state.credit.take().filter(|(_, _, store)| *store == Store::Redis);
        takes.extend(untold.map(|(_, take, store)| (take, store)));
        LeftOver::of(takes, limiter, database)
    }

    /// Takes up the answers that came with a flush.
    pub(super) fn harvest(&self) {
        let Some(answers) = self.round_trips.take_answers() else { return };
        let strict = std::mem::take(&mut self.state().strict);
        if !strict.is_empty() {
            // The transaction has refused already; here it is told which of them did.
            let _ = self.decide(&strict, &answers);
        } else if let &[taken] = answers.as_slice() {
            self.told(taken);
        }
    }

    /// Takes up what the store says of a request that was admitted on credit.
    pub(super) fn told(&self, taken: Taken) {
        let Some((bucket, take, store)) = self.state().credit.take() else { return };
        self.limiter.memory().learn(&bucket.name, taken, self.micros());
        self.show_known(&bucket);
        self.state().charged.push((bucket.clone(), take.forced, store));
        // Before this request there was less than one left.
        let own = Duration::from_secs_f64(take.every * f64::from(take.forced));
        if taken.wait > own + Duration::from_millis(1) {
            let _ = self.refused(&bucket, taken.wait);
        }
    }

    pub(super) fn take(&self, bucket: &Bucket, forced: i32, wanted: i32) -> Take {
        bucket.take(self.limiter.times(), forced, wanted, self.now)
    }

    pub(super) fn refused(&self, bucket: &Bucket, wait: Duration) -> Fault {
        self.state().shown.note(bucket.rule, Some(0), Some(wait));
        Fault::from(&RATE_LIMITED)
    }

    pub(super) fn charged(&self, bucket: &Bucket, count: i32) {
        self.state().charged.push((bucket.clone(), count, Store::Database));
    }

    pub(super) fn show_known(&self, bucket: &Bucket) {
        let left = self.limiter.memory().left(&bucket.name);
        self.show(bucket, left);
    }

    pub(super) fn show(&self, bucket: &Bucket, left: Option<u32>) {
        self.state().shown.note(bucket.rule, left, None);
    }

    pub(super) fn micros(&self) -> i64 {
        self.now.as_microsecond()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
