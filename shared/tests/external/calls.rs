use crate::parts::{Called, Said, call, clock, process};
use shared::deadline::Deadline;
use shared::external::{CallError, ExternalCalls};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Makes a call that may be repeated and is told `said` each time; how it ended and how often the other side was asked.
async fn asked(external: &ExternalCalls, repetitions: u32, said: Said) -> (Called, u32) {
    let times = AtomicU32::new(0);
    let call = call().repeatable(repetitions);
    let ended = external.call(call, || async {
        times.fetch_add(1, Ordering::SeqCst);
        Ok(said)
    });
    (ended.await, times.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_call_that_may_be_repeated_is_until_it_succeeds() {
    let external = process(&clock());
    let times = AtomicU32::new(0);
    let call = call().repeatable(2);
    let ended = external.call(call, || async {
        let earlier = times.fetch_add(1, Ordering::SeqCst);
        Ok::<_, ()>(if earlier < 2 { Said::Broken } else { Said::Yes })
    });
    assert_eq!(ended.await, Ok(Said::Yes));
    assert_eq!(times.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn no_call_is_repeated_that_may_not_run_twice_or_was_answered() {
    let external = process(&clock());
    assert_eq!(asked(&external, 0, Said::Broken).await, (Ok(Said::Broken), 1));
    assert_eq!(asked(&external, 3, Said::Yes).await, (Ok(Said::Yes), 1));
}

#[tokio::test]
async fn the_budget_of_repetitions_ends() {
    let external = process(&clock());
    let mut repeated = 0;
    for _ in 0..20 {
        // A success between two failures, so that the breaker stays closed.
        assert_eq!(asked(&external, 0, Said::Yes).await, (Ok(Said::Yes), 1));
        repeated += asked(&external, 1, Said::Broken).await.1 - 1;
    }
    // Forty calls earned four, three were there to begin with.
    assert_eq!(repeated, 7);
}

#[tokio::test]
async fn a_call_ends_with_the_deadline_even_if_its_own_limit_is_longer() {
    let external = process(&clock());
    let mut call = call();
    call.deadline = Deadline::within(Duration::from_millis(600));
    let ended: Called = external.call(call, std::future::pending).await;
    assert_eq!(ended, Err(CallError::TimedOut));
    assert!(!call.deadline.left().is_zero(), "there is time to answer");
}

#[tokio::test]
async fn without_time_left_nobody_is_called() {
    let external = process(&clock());
    let mut call = call();
    call.deadline = Deadline::within(Duration::from_millis(100));
    let ended: Called = external.call(call, || async { unreachable!("nobody is called") }).await;
    assert_eq!(ended, Err(CallError::OutOfTime));
}
