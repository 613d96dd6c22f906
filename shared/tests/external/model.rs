//! The breaker is written twice, in Rust and in Lua. Both are told the same story and must say the same.

use crate::parts::{Called, Said, call, clock, process, sharing};
use jiff::SignedDuration;
use shared::external::{CallError, ExternalCalls};
use std::sync::Arc;
use std::time::Duration;
use testkit::Valkey;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A call that was let through and waits for its answer.
struct UnderWay {
    answer: oneshot::Sender<Said>,
    call: JoinHandle<Called>,
}

/// Begins a call: under way, or refused for so long.
async fn begin(external: &Arc<ExternalCalls>) -> Result<UnderWay, Duration> {
    let (answer, answered) = oneshot::channel();
    let (begun, mut begins) = mpsc::channel(1);
    let external = Arc::clone(external);
    let call = tokio::spawn(async move {
        let mut answered = Some((begun, answered));
        let attempt = || {
            let (begun, answered) = answered.take().unwrap();
            async move {
                begun.send(()).await.unwrap();
                Ok(answered.await.unwrap())
            }
        };
        external.call(call(), attempt).await
    });
    if begins.recv().await.is_some() {
        return Ok(UnderWay { answer, call });
    }
    match call.await.unwrap() {
        Err(CallError::BreakerOpen(wait)) => Err(wait),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn the_breaker_in_redis_says_what_the_one_in_the_process_says() {
    let (clock, valkey) = (clock(), Valkey::start().await);
    let both = [process(&clock), sharing(&clock, &valkey)];
    let mut chance = fastrand::Rng::with_seed(6);
    let mut under_way: Vec<[UnderWay; 2]> = Vec::new();
    let (mut admitted, mut refused) = (0, 0);
    for _ in 0..600 {
        match chance.u8(..10) {
            0 => clock.advance(SignedDuration::from_secs(chance.i64(1..40))),
            1..6 if under_way.len() < 8 => match (begin(&both[0]).await, begin(&both[1]).await) {
                (Ok(local), Ok(shared)) => {
                    admitted += 1;
                    under_way.push([local, shared]);
                }
                (Err(local), Err(shared)) => {
                    refused += 1;
                    assert_eq!(local, shared);
                }
                (local, shared) => panic!("alone: {:?}, in Redis: {:?}", local.err(), shared.err()),
            },
            _ if under_way.is_empty() => {}
            _ => {
                let said = if chance.u8(..4) == 0 { Said::Yes } else { Said::Broken };
                for one in under_way.swap_remove(chance.usize(..under_way.len())) {
                    one.answer.send(said).unwrap();
                    assert_eq!(one.call.await.unwrap(), Ok(said));
                }
            }
        }
    }
    assert!(admitted > 50 && refused > 50, "{admitted} admitted, {refused} refused");
}
