use crate::parts::{Said, call, clock, fail, process, told};
use jiff::SignedDuration;
use shared::external::{CallError, ExternalCalls};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

#[tokio::test]
async fn after_five_failures_in_a_row_nobody_is_called_for_thirty_seconds() {
    let clock = clock();
    let external = process(&clock);
    fail(&external, 5).await;
    clock.advance(SignedDuration::from_secs(29));

    let refused = external.call(call(), || async { unreachable!("nobody is called") });

    let refused: Result<Said, CallError<()>> = refused.await;
    assert_eq!(refused, Err(CallError::BreakerOpen(Duration::from_secs(1))));
}

#[tokio::test]
async fn errors_and_time_outs_count_like_answers_that_say_failure() {
    let external = process(&clock());
    fail(&external, 3).await;
    let failed: Result<Said, _> = external.call(call(), || async { Err(()) }).await;
    assert_eq!(failed, Err(CallError::Failed(())));
    let mut short = call();
    short.timeout = Duration::from_millis(50);
    let late: Result<Said, CallError<()>> = external.call(short, std::future::pending).await;
    assert_eq!(late, Err(CallError::TimedOut));

    assert!(matches!(told(&external, Said::Yes).await, Err(CallError::BreakerOpen(_))));
}

#[tokio::test]
async fn each_target_of_a_service_has_a_breaker_of_its_own() {
    let external = process(&clock());
    for _ in 0..5 {
        let _ = external.call(call().target("one"), || async { Ok::<_, ()>(Said::Broken) }).await;
    }
    let one = external.call(call().target("one"), || async { Ok::<_, ()>(Said::Yes) }).await;
    let two = external.call(call().target("two"), || async { Ok::<_, ()>(Said::Yes) }).await;
    assert!(matches!(one, Err(CallError::BreakerOpen(_))));
    assert_eq!(two, Ok(Said::Yes));
}

#[tokio::test]
async fn of_many_at_once_exactly_one_is_let_through_to_see() {
    let clock = clock();
    let external = process(&clock);
    fail(&external, 5).await;
    clock.advance(SignedDuration::from_secs(30));
    assert_eq!(called_of_fifty(&[external]).await, 1);
}

/// How many of fifty calls at once, spread over these processes, reach the other side. That answers when all others
/// have been refused, and then a last call goes through.
pub(crate) async fn called_of_fifty(processes: &[Arc<ExternalCalls>]) -> u32 {
    let (called, answer) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let (refused, mut refusals) = tokio::sync::mpsc::channel(50);
    let mut calls = tokio::task::JoinSet::new();
    for external in processes.iter().cycle().take(50) {
        let external = Arc::clone(external);
        let (called, answer, refused) = (called.clone(), answer.clone(), refused.clone());
        calls.spawn(async move {
            let asked = external.call(call(), || async {
                called.fetch_add(1, Ordering::SeqCst);
                let _answered = answer.acquire().await;
                Ok::<_, ()>(Said::Yes)
            });
            if asked.await.is_err() {
                refused.send(()).await.unwrap();
            }
        });
    }
    for _ in 0..49 {
        tokio::time::timeout(Duration::from_secs(3), refusals.recv()).await.expect("only one is let through");
    }
    answer.add_permits(50);
    calls.join_all().await;
    for external in processes {
        assert_eq!(told(external, Said::Yes).await, Ok(Said::Yes), "its success closed the breaker");
    }
    called.load(Ordering::SeqCst)
}
