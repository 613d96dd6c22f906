//! Fence, cancel, read, list.

use crate::server::Server;
use crate::{CLINIC, PAYMENT, asked, error, intent, provider, soon};
use billing::payments::provider::{Fence, Intent, PaymentFailure, Status};
use jiff::Timestamp;
use serde_json::{Value, json};

fn from() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn before() -> Timestamp {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_fence_takes_the_key_of_the_charge_and_no_money() {
    let server = Server::saying("200 OK", &intent("requires_payment_method").to_string()).await;
    let fence = provider(&server.url).fence(&asked(), soon()).await;
    assert_eq!(fence, Fence::Free { intent: "pi_1".to_owned() });
    let requests = server.asked();
    let [(head, body)] = requests.as_slice() else { unreachable!("{}", requests.len()) };
    assert!(head.contains("idempotency-key: 00000000-0000-0000-0000-000000000008"), "{head}");
    assert!(head.contains("stripe-account: acct_1"), "{head}");
    assert!(body.contains("amount=15000") && !body.contains("confirm") && !body.contains("pm_"), "{body}");

    let used = Server::saying("400 Bad Request", &error("idempotency_error", "").to_string()).await;
    assert_eq!(provider(&used.url).fence(&asked(), soon()).await, Fence::Used);
}

#[tokio::test]
async fn an_intent_is_cancelled_once_or_again() {
    let mut already = error("invalid_request_error", "payment_intent_unexpected_state");
    already["error"]["payment_intent"] = intent("canceled");
    let mut taken = already.clone();
    taken["error"]["payment_intent"] = intent("succeeded");
    for (status, body, expected) in [
        ("200 OK", intent("canceled"), true),
        ("400 Bad Request", already, true),
        ("400 Bad Request", taken, false),
        ("200 OK", intent("succeeded"), false),
        ("500 Internal Server Error", Value::Null, false),
    ] {
        let server = Server::saying(status, &body.to_string()).await;
        let cancelled = provider(&server.url).cancel(Some("acct_1"), "pi_1", soon()).await;
        assert_eq!(cancelled, expected, "{status} {body}");
        let (head, _) = &server.asked()[0];
        assert!(head.starts_with("post /v1/payment_intents/pi_1/cancel http/1.1"), "{head}");
        assert!(head.contains("stripe-account: acct_1"), "{head}");
    }
}

#[tokio::test]
async fn an_intent_is_read_with_our_ids_and_units() {
    let mut body = intent("requires_payment_method");
    body["currency"] = json!("isk");
    body["amount"] = json!(50_000);
    body["last_payment_error"] = json!({ "code": "card_declined", "decline_code": "do_not_honor" });
    let server = Server::saying("200 OK", &body.to_string()).await;
    let read = provider(&server.url).read(None, "pi_1", soon()).await;
    let expected = Intent {
        id: "pi_1".to_owned(),
        status: Status::RequiresPaymentMethod,
        amount_minor: Some(500),
        received_minor: Some(0),
        currency: "ISK".to_owned(),
        clinic: Some(CLINIC),
        payment: Some(PAYMENT),
        deployment: Some("test".to_owned()),
        created_at: Timestamp::from_second(1_700_000_000).unwrap(),
        failure: Some(PaymentFailure {
            code: "card_declined".to_owned(),
            decline_code: "do_not_honor".to_owned(),
        }),
        action: None,
    };
    assert_eq!(read, Some(expected));
    assert!(server.asked()[0].0.starts_with("get /v1/payment_intents/pi_1 http/1.1"));
}

#[tokio::test]
async fn an_amount_that_the_provider_does_not_have_was_never_charged() {
    for (code, expected) in [
        ("amount_too_small", Fence::Refused { code: "amount_too_small".to_owned() }),
        ("amount_too_large", Fence::Refused { code: "amount_too_large".to_owned() }),
        // A fence has no card, so this says nothing of the request that had one.
        ("resource_missing", Fence::Later),
    ] {
        let error = json!({ "error": { "type": "invalid_request_error", "code": code } });
        let server = Server::saying("400 Bad Request", &error.to_string()).await;
        assert_eq!(provider(&server.url).fence(&asked(), soon()).await, expected, "{code}");
    }
}

#[tokio::test]
async fn what_is_not_the_intent_asked_for_is_not_read() {
    let other = Server::saying("200 OK", &intent("succeeded").to_string()).await;
    let provider = provider(&other.url);
    assert_eq!(provider.read(None, "pi_2", soon()).await, None);
    let asked = other.asked().len();
    for odd in ["pi_1/cancel", "../v1/charges", "pi_1?a", ""] {
        assert_eq!(provider.read(None, odd, soon()).await, None, "{odd}");
        assert!(!provider.cancel(None, odd, soon()).await, "{odd}");
    }
    assert_eq!(other.asked().len(), asked, "nobody is asked for what is no id");
}

#[tokio::test]
async fn a_page_says_where_the_next_begins() {
    let mut foreign = intent("succeeded");
    foreign["id"] = json!("pi_2");
    foreign["currency"] = json!("irr");
    foreign["metadata"] = json!({ "clinicId": "the other shop", "order": "7" });
    let list = json!({ "object": "list", "data": [intent("succeeded"), foreign], "has_more": true });
    let server = Server::saying("200 OK", &list.to_string()).await;
    let page =
        provider(&server.url).list(Some("acct_1"), from(), before(), Some("pi_0"), soon()).await.unwrap();

    assert_eq!(page.next.as_deref(), Some("pi_2"));
    let [ours, theirs] = page.intents.as_slice() else { unreachable!("{page:?}") };
    assert_eq!((ours.payment, ours.received_minor), (Some(PAYMENT), Some(15_000)));
    assert_eq!((theirs.clinic, theirs.payment, theirs.amount_minor), (None, None, None));
    let (head, _) = &server.asked()[0];
    let query = "limit=50&created%5bgte%5d=1793491200&created%5blt%5d=1793577600&starting_after=pi_0";
    assert!(head.starts_with(&format!("get /v1/payment_intents?{query} http/1.1")), "{head}");
}

#[tokio::test]
async fn a_page_that_cannot_be_read_or_leads_nowhere_is_none() {
    let mut nameless = intent("succeeded");
    nameless["id"] = json!("nobody");
    for body in [
        json!({ "data": [], "has_more": true }),
        json!({ "data": [intent("succeeded")], "has_more": true }),
        json!({ "data": [nameless], "has_more": false }),
        json!({ "data": { "0": intent("succeeded") }, "has_more": false }),
        json!({ "has_more": false }),
    ] {
        let server = Server::saying("200 OK", &body.to_string()).await;
        let page = provider(&server.url).list(None, from(), before(), Some("pi_1"), soon()).await;
        assert!(page.is_err(), "{body}");
    }
    let last = json!({ "data": [], "has_more": false });
    let server = Server::saying("200 OK", &last.to_string()).await;
    let page = provider(&server.url).list(None, from(), before(), None, soon()).await.unwrap();
    assert_eq!((page.intents.len(), page.next), (0, None));
}
