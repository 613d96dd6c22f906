//! What the tests call with.

use futures_util::future::BoxFuture;
use shared::clock::{Clock as _, SystemClock};
use shared::deadline::Deadline;
use shared::external::connect::{NetworkScope, Resolver};
use shared::external::{CallError, ExternalCall, ExternalCalls, Outcome, Redis};
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{TestClock, Valkey};

/// An answer, or the failure that the other side answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    Broken,
}

impl Outcome for Said {
    fn is_failure(&self) -> bool {
        *self == Self::Broken
    }
}

pub(crate) type Called = Result<Said, CallError<()>>;

/// A clock that stands still.
pub(crate) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at(SystemClock.now()))
}

/// The external calls of one process.
pub(crate) fn process(clock: &Arc<TestClock>) -> Arc<ExternalCalls> {
    open(clock, NetworkScope::Public, Redis::none(clock.clone()), Answers::none())
}

/// The same, with breakers shared in that Redis.
pub(crate) fn sharing(clock: &Arc<TestClock>, valkey: &Valkey) -> Arc<ExternalCalls> {
    let redis = Redis::at(&valkey.url(), clock.clone()).unwrap();
    open(clock, NetworkScope::Public, redis, Answers::none())
}

/// One that calls addresses within `scope`, looked up in `answers`.
pub(crate) fn reaching(scope: NetworkScope, answers: Arc<Answers>) -> Arc<ExternalCalls> {
    let clock = clock();
    open(&clock, scope, Redis::none(clock.clone()), answers)
}

fn open(
    clock: &Arc<TestClock>,
    scope: NetworkScope,
    redis: Redis,
    answers: Arc<Answers>,
) -> Arc<ExternalCalls> {
    Arc::new(ExternalCalls::new(scope, &Arc::new(redis), clock.clone(), answers).unwrap())
}

/// A call that is made once and has seconds of time.
pub(crate) fn call<'a>() -> ExternalCall<'a> {
    ExternalCall::new("other", "ask", Duration::from_secs(5), Deadline::within(Duration::from_secs(10)))
}

/// Calls once and is told this.
pub(crate) async fn told(external: &ExternalCalls, said: Said) -> Called {
    external.call(call(), || async { Ok(said) }).await
}

/// Fails so many times.
pub(crate) async fn fail(external: &ExternalCalls, times: u32) {
    for _ in 0..times {
        assert_eq!(told(external, Said::Broken).await, Ok(Said::Broken));
    }
}

/// What look-ups find, one after the other; the last stays.
pub(crate) struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Answers {
    pub(crate) fn none() -> Arc<Self> {
        Self::of(&[&[]])
    }

    pub(crate) fn of(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers.iter().map(|found| found.iter().map(|text| text.parse().unwrap()).collect());
        Arc::new(Self(Mutex::new(parsed.collect())))
    }
}

impl Resolver for Answers {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut answers = self.0.lock().unwrap();
        let found = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(found.unwrap_or_default()) })
    }
}
