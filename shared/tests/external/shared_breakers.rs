use crate::breakers::called_of_fifty;
use crate::parts::{Said, clock, fail, process, sharing, told};
use jiff::SignedDuration;
use shared::external::CallError;
use std::sync::Arc;
use testkit::Valkey;

#[tokio::test]
async fn what_fails_for_one_process_is_not_called_by_another() {
    let (clock, valkey) = (clock(), Valkey::start().await);
    let (one, two, alone) = (sharing(&clock, &valkey), sharing(&clock, &valkey), process(&clock));
    fail(&one, 3).await;
    fail(&two, 2).await;
    for external in [&one, &two] {
        assert!(matches!(told(external, Said::Yes).await, Err(CallError::BreakerOpen(_))));
    }
    assert_eq!(told(&alone, Said::Yes).await, Ok(Said::Yes));
}

#[tokio::test]
async fn of_many_in_two_processes_exactly_one_is_let_through_to_see() {
    let (clock, valkey) = (clock(), Valkey::start().await);
    let processes = [sharing(&clock, &valkey), sharing(&clock, &valkey)];
    fail(&processes[0], 5).await;
    clock.advance(SignedDuration::from_secs(30));
    assert_eq!(called_of_fifty(&processes).await, 1);
}

#[tokio::test]
async fn when_redis_stops_calls_go_on_by_each_processs_own_breaker() {
    let (clock, mut valkey) = (clock(), Valkey::start().await);
    let (one, two) = (sharing(&clock, &valkey), sharing(&clock, &valkey));
    fail(&one, 4).await;
    valkey.stop();

    fail(&one, 5).await;

    assert!(matches!(told(&one, Said::Yes).await, Err(CallError::BreakerOpen(_))));
    assert_eq!(told(&two, Said::Yes).await, Ok(Said::Yes), "nothing is shared now");
}

#[tokio::test]
async fn a_redis_that_stops_while_a_call_is_made_costs_no_answer() {
    let (clock, valkey) = (clock(), Valkey::start().await);
    let external = sharing(&clock, &valkey);
    let valkey = Arc::new(std::sync::Mutex::new(valkey));
    let stopping = || async {
        valkey.lock().unwrap().stop();
        Ok::<_, ()>(Said::Yes)
    };
    assert_eq!(external.call(crate::parts::call(), stopping).await, Ok(Said::Yes));
}

#[tokio::test]
async fn a_redis_that_stands_still_is_not_waited_for() {
    let (clock, valkey) = (clock(), Valkey::start().await);
    let external = sharing(&clock, &valkey);
    assert_eq!(told(&external, Said::Yes).await, Ok(Said::Yes));
    valkey.freeze();
    assert_eq!(told(&external, Said::Yes).await, Ok(Said::Yes));
}

#[tokio::test]
async fn a_redis_that_is_back_is_asked_again() {
    let (clock, mut valkey) = (clock(), Valkey::start().await);
    let (one, two) = (sharing(&clock, &valkey), sharing(&clock, &valkey));
    fail(&one, 1).await;
    valkey.stop();
    assert_eq!(told(&one, Said::Yes).await, Ok(Said::Yes));
    valkey.start_again();
    clock.advance(SignedDuration::from_secs(6));

    fail(&one, 5).await;

    assert!(matches!(told(&two, Said::Yes).await, Err(CallError::BreakerOpen(_))));
}

#[tokio::test]
async fn a_connection_that_died_meanwhile_is_replaced_at_once() {
    let (clock, mut valkey) = (clock(), Valkey::start().await);
    let (one, two) = (sharing(&clock, &valkey), sharing(&clock, &valkey));
    fail(&one, 1).await;
    valkey.stop();
    valkey.start_again();

    fail(&one, 5).await;

    assert!(matches!(told(&two, Said::Yes).await, Err(CallError::BreakerOpen(_))));
}
