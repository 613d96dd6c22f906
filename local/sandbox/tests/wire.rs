//! What goes wrong on the way: who took money, who answered, and what a repetition gets.

mod common;

use common::{Call, World, fence, until};
use jiff::SignedDuration;
use payment_sandbox::{Fault, HalfReply};
use std::sync::Arc;

const INTENTS: &str = "/v1/payment_intents";

fn charge(card: &str) -> Call {
    Call::charge(card, "key")
}

#[tokio::test]
async fn a_charge_that_timed_out_was_taken_and_a_repetition_gets_its_intent() {
    let world = Arc::new(World::new().await);
    let asking = Arc::clone(&world);
    let first = tokio::spawn(async move { asking.try_send(charge("pm_sandbox_chargedThenTimedOut")).await });
    until(|| !world.sandbox.charged("pay-1").is_empty()).await;
    let again = world.send(charge("pm_sandbox_chargedThenTimedOut")).await;
    assert!(!first.is_finished(), "the connection is still open");
    first.abort();
    assert_eq!((again.status, again.is_replayed()), (200, true));
    assert_eq!(again.json()["status"], "succeeded");
    let fenced = world.send(Call::post(INTENTS, &fence()).keyed("key")).await;
    assert_eq!(fenced.error(), "idempotency_error");
    assert_eq!(world.sandbox.charged("pay-1").len(), 1);
    assert_eq!(world.kinds(), ["payment_intent.succeeded"]);
}

#[tokio::test]
async fn a_request_that_timed_out_took_nothing_and_holds_its_key_for_30_seconds() {
    let world = Arc::new(World::new().await);
    let asking = Arc::clone(&world);
    let first = tokio::spawn(async move { asking.try_send(charge("pm_sandbox_timedOut")).await });
    until(|| !world.sandbox.requests().is_empty()).await;
    world.pass(SignedDuration::from_secs(29));
    for call in [charge("pm_sandbox_timedOut"), Call::post(INTENTS, &fence()).keyed("key")] {
        let reply = world.send(call).await;
        assert_eq!((reply.status, reply.error().as_str()), (409, "idempotency_key_in_use"));
        assert_eq!(reply.json()["error"]["type"], "idempotency_error");
    }
    world.pass(SignedDuration::from_secs(1));
    let fenced = world.send(Call::post(INTENTS, &fence()).keyed("key")).await;
    assert_eq!((fenced.status, fenced.is_replayed()), (200, false));
    assert!(!first.is_finished());
    first.abort();
    assert!(world.sandbox.charged("pay-1").is_empty());
}

#[tokio::test]
async fn a_lost_charge_was_taken_and_a_repetition_gets_its_intent() {
    let world = World::new().await;
    let broken = world.try_send(charge("pm_sandbox_lost")).await.unwrap_err();
    assert_eq!(broken.status, None);
    assert_eq!(world.sandbox.charged("pay-1").len(), 1);
    let again = world.send(charge("pm_sandbox_lost")).await;
    assert_eq!((again.status, again.is_replayed()), (200, true));
    assert_eq!(world.sandbox.charged("pay-1").len(), 1);
    let statuses: Vec<_> = world.sandbox.requests().into_iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, Some(200)]);
}

#[tokio::test]
async fn a_request_that_was_lost_before_took_nothing_and_its_key_is_free() {
    let world = World::new().await;
    for _ in 0..2 {
        world.try_send(charge("pm_sandbox_lostBefore")).await.unwrap_err();
    }
    assert!(world.sandbox.intents().is_empty());
    assert_eq!(world.send(charge("pm_card_visa")).await.status, 200);
}

#[tokio::test]
async fn half_a_reply_breaks_off_and_a_repetition_gets_all_of_it() {
    let world = World::new().await;
    let broken = world.try_send(charge("pm_sandbox_half")).await.unwrap_err();
    assert_eq!(broken.status, Some(200));
    assert_eq!(Some(broken.received), broken.announced.map(|announced| announced / 2));
    assert!(broken.received > 0);
    assert_eq!(world.sandbox.requests()[0].status, Some(200));
    let again = world.send(charge("pm_sandbox_half")).await;
    assert_eq!(again.json()["status"], "succeeded");
    assert_eq!(world.sandbox.charged("pay-1").len(), 1);
}

#[tokio::test]
async fn an_event_can_be_there_before_the_answer() {
    let world = Arc::new(World::new().await);
    let asking = Arc::clone(&world);
    let first = tokio::spawn(async move { asking.send(charge("pm_sandbox_webhookFirst")).await });
    until(|| !world.sandbox.events().is_empty()).await;
    assert!(!first.is_finished());
    let meanwhile = world.ask(charge("pm_sandbox_webhookFirst")).await.unwrap();
    assert_eq!(meanwhile.status(), 409);
    let first = first.await.unwrap();
    assert_eq!(first.json(), world.last_event()["data"]["object"]);
    let again = world.send(charge("pm_sandbox_webhookFirst")).await;
    assert_eq!((again.is_replayed(), again.bytes), (true, first.bytes));
}

#[tokio::test]
async fn what_cannot_be_read_was_taken_and_a_repetition_gets_the_intent() {
    for card in ["pm_sandbox_html", "pm_sandbox_huge"] {
        let world = World::new().await;
        let first = world.send(charge(card)).await;
        assert_eq!(first.status, 200);
        if card == "pm_sandbox_html" {
            assert_eq!(first.headers["content-type"], "text/html; charset=utf-8");
        } else {
            assert_eq!(first.bytes.len(), 8 * 1024 * 1024);
        }
        let again = world.send(charge(card)).await;
        assert_eq!(again.json()["status"], "succeeded", "{card}");
        assert!(again.bytes.len() < 2000);
        assert_eq!(world.sandbox.charged("pay-1").len(), 1, "{card}");
    }
}

#[tokio::test]
async fn a_redirect_and_too_many_requests_and_a_refused_amount_took_nothing() {
    let world = World::new().await;
    for (card, status) in [
        ("pm_sandbox_redirect", 302),
        ("pm_sandbox_rateLimited", 429),
        ("pm_sandbox_serverError", 500),
        ("pm_sandbox_tokenUsed", 400),
        ("pm_sandbox_amountTooSmall", 400),
    ] {
        assert_eq!(world.send(Call::charge(card, card)).await.status, status, "{card}");
    }
    assert!(world.sandbox.intents().is_empty());
}

#[tokio::test]
async fn another_amount_currency_or_status_than_asked_for_is_answered_with_200() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for card in ["pm_sandbox_wrongAmount", "pm_sandbox_wrongCurrency", "pm_sandbox_unknownStatus"] {
        let reply = world.send(Call::charge(card, card)).await;
        let (intent, status) = (reply.json(), reply.status);
        let text = |member: &str| intent[member].to_string();
        seen.push((status, text("status"), text("amount_received"), text("currency")));
    }
    let row = |status: &str, amount: &str, currency: &str| {
        (200, format!("\"{status}\""), amount.to_owned(), format!("\"{currency}\""))
    };
    assert_eq!(
        seen,
        [
            row("succeeded", "15001", "brl"),
            row("succeeded", "15000", "usd"),
            row("held_elsewhere", "0", "brl")
        ]
    );
}

#[tokio::test]
async fn a_fault_meets_one_request_whatever_it_is() {
    let world = World::new().await;
    for (fault, status) in
        [(Fault::Refuse401, 401), (Fault::Refuse403, 403), (Fault::InUse, 409), (Fault::Refuse429, 429)]
    {
        world.sandbox.fail_next(fault);
        assert_eq!(world.send(charge("pm_card_visa")).await.status, status);
    }
    world.sandbox.fail_next(Fault::LostBefore);
    world.try_send(charge("pm_card_visa")).await.unwrap_err();
    assert!(world.sandbox.intents().is_empty());
    for fault in [Fault::Lost, Fault::Half] {
        world.sandbox.fail_next(fault);
        world.try_send(charge("pm_card_visa")).await.unwrap_err();
        assert_eq!(world.sandbox.charged("pay-1").len(), 1);
    }
    assert!(world.send(charge("pm_card_visa")).await.is_replayed());
    world.sandbox.fail_next(Fault::Error500);
    for _ in 0..2 {
        assert_eq!(world.send(Call::charge("pm_card_visa", "other")).await.status, 500, "kept under the key");
    }
    world.sandbox.fail_next(Fault::Refuse429);
    assert_eq!(world.send(Call::get(INTENTS)).await.status, 429);
    assert_eq!(world.send(Call::get(INTENTS)).await.status, 200);
}

#[tokio::test]
async fn a_fault_can_leave_a_request_without_an_answer() {
    for (fault, taken) in [(Fault::TimedOut, 1), (Fault::TimedOutBefore, 0)] {
        let world = Arc::new(World::new().await);
        let asking = Arc::clone(&world);
        world.sandbox.fail_next(fault);
        let first = tokio::spawn(async move { asking.try_send(charge("pm_card_visa")).await });
        until(|| !world.sandbox.requests().is_empty()).await;
        assert_eq!(world.sandbox.charged("pay-1").len(), taken, "{fault:?}");
        assert_eq!(world.sandbox.requests()[0].status, None);
        let again = world.send(charge("pm_card_visa")).await;
        assert_eq!((again.status, again.is_replayed()), (200, taken == 1), "{fault:?}");
        assert!(!first.is_finished());
        first.abort();
    }
}

#[tokio::test]
async fn a_server_of_its_own_learns_which_reply_to_cut_and_when_to_close() {
    let world = World::new().await;
    let response = world.ask(charge("pm_sandbox_half")).await.unwrap();
    assert!(response.extensions().get::<HalfReply>().is_some());
    assert!(response.body().ends_with(b"}"), "all of it, to be cut");
    assert!(world.ask(Call::charge("pm_sandbox_lost", "other")).await.is_none());
}

#[tokio::test]
async fn nobody_listens_once_it_is_dropped() {
    let world = World::new().await;
    let address = world.listening.address;
    assert_eq!(world.listening.url(), format!("http://{address}"));
    drop(world);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
