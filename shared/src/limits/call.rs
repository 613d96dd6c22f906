//! The limits of one call: what was asked on its behalf, and what its reply says of that.

use super::left_over::{AFTERWARDS, LeftOver};
use super::limiter::{Limiter, Store, microseconds};
use super::memory::Admission;
use super::rule::{Bucket, Of};
use super::shown::Shown;
use super::strict::Asked;
use crate::access::random;
use crate::database::{Along, Database, RoundTrips, Take, Taken, take_now};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::RATE_LIMITED;
use futures_util::future::{Either, select};
use http::HeaderMap;
use jiff::Timestamp;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many requests one telling stands for, where the database counts those of members.
const TOLD_ONE_IN: u32 = 4;

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
    credit: Option<(Bucket, Take, Store)>,
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
    /// What the database is given back once the reply is out.
    pub(super) back: Vec<Take>,
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

    /// Admits an ordinary request, or refuses it. Where there is no store, the instance keeps a quarter of the bucket.
    pub async fn ordinary(&self, bucket: Bucket, has_database: bool) -> Result<(), Fault> {
        let Some(store) = self.limiter.store(has_database) else {
            return self.alone(&bucket);
        };
        let admission = self.limiter.memory().admit(&bucket.name, self.micros());
        match admission {
            Admission::Refused(wait) => Err(self.refused(&bucket, wait)),
            Admission::Leased => {
                self.show_known(&bucket);
                self.state().charged.push((bucket, 1, store));
                Ok(())
            }
            Admission::OnCredit => {
                self.show_known(&bucket);
                self.on_credit(bucket, store);
                Ok(())
            }
            Admission::AskFirst => {
                let taken = self.ask(&self.take(&bucket, 0, 1), has_database).await;
                self.asked_first(bucket, store, has_database, taken)
            }
        }
    }

    fn asked_first(
        &self,
        bucket: Bucket,
        store: Store,
        has_database: bool,
        taken: Option<Taken>,
    ) -> Result<(), Fault> {
        let Some(taken) = taken else {
            if !has_database {
                return self.alone(&bucket);
            }
            self.on_credit(bucket, store);
            return Ok(());
        };
        let is_granted = self.limiter.memory().asked(&bucket.name, taken, self.micros());
        if !is_granted {
            return Err(self.refused(&bucket, taken.wait));
        }
        self.show(&bucket, Some(taken.remaining));
        self.state().charged.push((bucket, 1, store));
        Ok(())
    }

    /// Does the work, and tells Redis beside it where that is due.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        let due = match &self.state().credit {
            Some((_, take, Store::Redis)) => Some(take.clone()),
            _ => None,
        };
        let Some(take) = due else { return work.await };
        let telling = pin!(self.limiter.by_redis(&take, AFTERWARDS));
        let (outcome, told) = match select(pin!(work), telling).await {
            Either::Left((outcome, telling)) => {
                let told = tokio::time::timeout(self.limiter.patience(), telling).await;
                if told.is_err() {
                    self.limiter.missed();
                }
                (outcome, told.ok().flatten())
            }
            Either::Right((told, work)) => (work.await, told),
        };
        if let Some(taken) = told {
            self.told(taken);
        }
        outcome
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
        takes.extend(self.round_trips.left_over());
        // What Redis was to be told and has not answered, the database is told.
        let unanswered = state.credit.take().filter(|(_, _, store)| *store == Store::Redis);
        takes.extend(unanswered.map(|(_, take, _)| take));
        LeftOver::of(takes, limiter, database)
    }

    /// Gives back what was taken of everybody but the address: who asked was not who it said.
    pub fn uncharge(&self) {
        self.harvest();
        let mut state = self.state();
        state.credit = None;
        for (bucket, count, store) in std::mem::take(&mut state.charged) {
            let back = self.take(&bucket, -count, 0);
            match store {
                _ if bucket.rule.of == Of::Address => {}
                Store::Database => state.back.push(back),
                // The next answer counts; what a few requests cost there comes back within the minute.
                Store::Redis => {}
            }
        }
    }

    fn alone(&self, bucket: &Bucket) -> Result<(), Fault> {
        let quarter = Bucket { rule: bucket.rule.quarter(), name: bucket.name.clone() };
        let take = self.take(&quarter, 0, 1);
        let (burst, every) = (i64::from(take.burst), microseconds(take.every));
        let taken = self.limiter.memory().take(&bucket.name, burst, every, self.micros());
        match taken {
            Ok(left) => {
                self.show(&quarter, Some(left));
                Ok(())
            }
            Err(wait) => Err(self.refused(&quarter, wait)),
        }
    }

    /// Tells the store beside the work. Of members the database is told one request in four, as four: at a quarter of the
    /// price, for a bound that is that much wider.
    fn on_credit(&self, bucket: Bucket, store: Store) {
        let is_sampled = store == Store::Database && bucket.rule.of == Of::Member;
        if is_sampled && !random::number().is_multiple_of(TOLD_ONE_IN) {
            return;
        }
        let weight = if is_sampled { TOLD_ONE_IN.cast_signed() } else { 1 };
        let whole = self.take(&bucket, weight, 0);
        let ahead = self.limiter.memory().ahead(&bucket.name, whole.burst, self.micros());
        let take = Take { wanted: ahead, ..whole };
        if store == Store::Database {
            self.round_trips.take_along(vec![take.clone()], Along::OnCredit);
        }
        self.state().credit = Some((bucket, take, store));
    }

    /// Asks the stores, one after the other, before the work.
    async fn ask(&self, take: &Take, has_database: bool) -> Option<Taken> {
        let taken = self.limiter.by_redis(take, self.limiter.patience()).await;
        if taken.is_some() || !has_database {
            return taken;
        }
        take_now(self.database, self.round_trips, self.deadline, take).await.ok().flatten()
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
    fn told(&self, taken: Taken) {
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

    fn show_known(&self, bucket: &Bucket) {
        let left = self.limiter.memory().left(&bucket.name);
        self.show(bucket, left);
    }

    pub(super) fn show(&self, bucket: &Bucket, left: Option<u32>) {
        self.state().shown.note(bucket.rule, left, None);
    }

    fn micros(&self) -> i64 {
        self.now.as_microsecond()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
