//! Idempotency keys over HTTP.

mod common;

use common::{Call, World, charge, fence, with};
use jiff::SignedDuration;

const INTENTS: &str = "/v1/payment_intents";

#[tokio::test]
async fn a_repetition_gets_the_same_bytes_and_takes_nothing() {
    let world = World::new().await;
    for (card, status) in [
        ("pm_card_visa", 200),
        ("pm_card_chargeDeclined", 402),
        ("pm_sandbox_serverError", 500),
        ("pm_sandbox_chargedServerError", 500),
        ("pm_sandbox_tokenUsed", 400),
    ] {
        let first = world.send(Call::charge(card, card)).await;
        let (intents, events) = (world.sandbox.intents(), world.sandbox.events());
        let again = world.send(Call::charge(card, card)).await;
        assert_eq!((first.status, again.status), (status, status), "{card}");
        assert_eq!(first.bytes, again.bytes, "{card}");
        assert_eq!((first.is_replayed(), again.is_replayed()), (false, true), "{card}");
        assert_eq!(world.sandbox.intents(), intents, "{card}");
        assert_eq!(world.sandbox.events(), events, "{card}");
    }
    assert_eq!(world.sandbox.charged("pay-1").len(), 2);
}

#[tokio::test]
async fn the_order_of_the_parameters_does_not_matter() {
    let world = World::new().await;
    let mut form = charge("pm_card_visa");
    let first = world.send(Call::post(INTENTS, &form).keyed("key")).await;
    form.reverse();
    let again = world.send(Call::post(INTENTS, &form).keyed("key")).await;
    assert!(again.is_replayed());
    assert_eq!(first.bytes, again.bytes);
}

#[tokio::test]
async fn fifty_requests_at_once_under_one_key_take_the_money_once() {
    let world = World::new().await;
    let world = std::sync::Arc::new(world);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let world = std::sync::Arc::clone(&world);
        calls.spawn(async move { world.send(Call::charge("pm_card_visa", "key")).await });
    }
    let replies = calls.join_all().await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.bytes == replies[0].bytes));
    assert_eq!(replies.iter().filter(|reply| !reply.is_replayed()).count(), 1);
    assert_eq!(world.sandbox.charged("pay-1").len(), 1);
}

#[tokio::test]
async fn another_request_under_the_key_is_refused() {
    let world = World::new().await;
    let id = world.paid("key").await;
    let others = [
        Call::post(INTENTS, &fence()),
        Call::post(INTENTS, &with(charge("pm_card_visa"), "amount", "15001")),
        Call::post("/v1/refunds", &[("payment_intent", id.as_str())]),
    ];
    for call in others {
        let reply = world.send(call.keyed("key")).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "idempotency_error"));
        assert!(!reply.is_replayed());
    }
    assert_eq!(world.send(Call::charge("pm_card_visa", "key")).await.status, 200);
}

#[tokio::test]
async fn a_fence_that_came_first_keeps_the_charge_out() {
    let world = World::new().await;
    assert_eq!(world.send(Call::post(INTENTS, &fence()).keyed("key")).await.status, 200);
    let late = world.send(Call::charge("pm_card_visa", "key")).await;
    assert_eq!((late.status, late.error().as_str()), (400, "idempotency_error"));
    assert!(world.sandbox.charged("pay-1").is_empty());
}

#[tokio::test]
async fn what_did_not_run_leaves_the_key_free() {
    let world = World::new().await;
    for (number, card) in ["pm_sandbox_rateLimited", "pm_sandbox_redirect", "pm_1Ab", ""].iter().enumerate() {
        let key = number.to_string();
        let refused = world.send(Call::charge(card, &key)).await;
        assert_ne!(refused.status, 200, "{card}");
        let free = world.send(Call::charge("pm_card_visa", &key)).await;
        assert_eq!((free.status, free.is_replayed()), (200, false), "{card}");
    }
}

#[tokio::test]
async fn a_key_is_its_accounts_own() {
    let world = World::new().await;
    let call = || Call::charge("pm_card_visa", "key");
    assert_eq!(world.send(call()).await.status, 200);
    let other = world.send(call().header("stripe-account", "acct_1")).await;
    assert_eq!((other.status, other.is_replayed()), (200, false));
    assert_eq!(world.sandbox.charged("pay-1").len(), 2);
}

#[tokio::test]
async fn a_key_is_kept_for_a_day() {
    let world = World::new().await;
    world.paid("key").await;
    world.pass(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert!(world.send(Call::charge("pm_card_visa", "key")).await.is_replayed());
    world.pass(SignedDuration::from_secs(1));
    assert!(!world.send(Call::charge("pm_card_visa", "key")).await.is_replayed());
    assert_eq!(world.sandbox.charged("pay-1").len(), 2);
}

#[tokio::test]
async fn without_a_key_each_request_runs() {
    let world = World::new().await;
    for _ in 0..2 {
        assert_eq!(world.send(Call::charge("pm_card_visa", "").without("idempotency-key")).await.status, 200);
    }
    assert_eq!(world.sandbox.charged("pay-1").len(), 2);
}
