//! Refunds, disputes, what is told of them, and what a person sees.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod common;

use common::{Call, SECRET, World, charge, with};
use payment_sandbox::{Delivery, sign};
use serde_json::{Value, json};
use std::sync::Mutex;

const REFUNDS: &str = "/v1/refunds";

fn objects(world: &World) -> Vec<(String, Value)> {
    let read = |body: &str| serde_json::from_str::<Value>(body).unwrap()["data"]["object"].clone();
    world.sandbox.events().into_iter().map(|event| (event.kind, read(&event.body))).collect()
}

#[tokio::test]
async fn a_refund_gives_back_what_is_left_and_no_more() {
    let world = World::new().await;
    let id = world.paid("key").await;
    let part = [("payment_intent", id.as_str()), ("amount", "5000"), ("metadata[refundId]", "refund-1")];
    let refund = world.send(Call::post(REFUNDS, &part).keyed("refund")).await.json();
    for (member, value) in [
        ("object", json!("refund")),
        ("status", json!("succeeded")),
        ("amount", json!(5000)),
        ("currency", json!("brl")),
        ("payment_intent", json!(id)),
        ("metadata", json!({ "refundId": "refund-1" })),
    ] {
        assert_eq!(refund[member], value, "{member}");
    }
    let path = format!("{REFUNDS}/{}", refund["id"].as_str().unwrap());
    assert_eq!(world.send(Call::get(&path)).await.json(), refund);
    assert_eq!(world.send(Call::get(&path).header("stripe-account", "acct_1")).await.status, 404);
    assert!(world.send(Call::post(REFUNDS, &part).keyed("refund")).await.is_replayed());

    let too_much = [("payment_intent", id.as_str()), ("amount", "10001")];
    let reply = world.send(Call::post(REFUNDS, &too_much)).await;
    assert_eq!((reply.status, &reply.json()["error"]["param"]), (400, &json!("amount")));
    let rest = world.send(Call::post(REFUNDS, &[("payment_intent", id.as_str())])).await;
    assert_eq!(rest.json()["amount"], 10_000);
    let reply = world.send(Call::post(REFUNDS, &[("payment_intent", id.as_str())])).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "charge_already_refunded"));

    let told = objects(&world);
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds[1..], ["refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
    assert_eq!(told[1].1, refund);
    assert_eq!((&told[2].1["amount_refunded"], &told[2].1["refunded"]), (&json!(5000), &json!(false)));
    assert_eq!((&told[4].1["amount_refunded"], &told[4].1["refunded"]), (&json!(15_000), &json!(true)));
}

#[tokio::test]
async fn nothing_is_refunded_of_what_was_not_taken() {
    let world = World::new().await;
    let declined = world.send(Call::charge("pm_card_chargeDeclined", "key")).await.json();
    let id = declined["error"]["payment_intent"]["id"].as_str().unwrap().to_owned();
    for (id, code) in [(id.as_str(), "payment_intent_unexpected_state"), ("pi_1", "resource_missing")] {
        let reply = world.send(Call::post(REFUNDS, &[("payment_intent", id)])).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, code));
        assert_eq!(world.sandbox.dispute(id, 1), None);
        assert_eq!(world.sandbox.refund_elsewhere(id, 1), None);
    }
}

#[tokio::test]
async fn a_dispute_is_told_without_our_metadata_and_forbids_a_refund() {
    let world = World::new().await;
    let form = charge("pm_card_visa");
    let call = Call::post("/v1/payment_intents", &form).header("stripe-account", "acct_1");
    let id = world.send(call).await.json()["id"].as_str().unwrap().to_owned();
    let dispute = world.sandbox.dispute(&id, 15_000).unwrap();
    let told = objects(&world);
    for (kind, told) in [("charge.dispute.created", &told[1]), ("charge.dispute.funds_withdrawn", &told[2])] {
        assert_eq!(told.0, kind);
        for (member, value) in [
            ("id", json!(dispute)),
            ("object", json!("dispute")),
            ("amount", json!(15_000)),
            ("currency", json!("brl")),
            ("payment_intent", json!(id)),
            ("reason", json!("fraudulent")),
            ("status", json!("needs_response")),
            ("metadata", json!({})),
        ] {
            assert_eq!(told.1[member], value, "{member}");
        }
    }
    assert_eq!(world.last_event()["account"], "acct_1");
    let refund = Call::post(REFUNDS, &[("payment_intent", id.as_str())]).header("stripe-account", "acct_1");
    let reply = world.send(refund).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "charge_disputed"));
}

#[tokio::test]
async fn a_refund_made_elsewhere_is_told_without_our_metadata() {
    let world = World::new().await;
    let id = world.paid("key").await;
    let refund = world.sandbox.refund_elsewhere(&id, 15_000).unwrap();
    assert_eq!(world.sandbox.refund_elsewhere(&id, 1), None, "nothing is left");
    let told = objects(&world);
    assert_eq!((told[1].0.as_str(), &told[1].1["id"]), ("refund.created", &json!(refund)));
    assert_eq!((told[2].0.as_str(), &told[2].1["payment_intent"]), ("charge.refunded", &json!(id)));
    for (_, object) in &told[1..] {
        assert_eq!(object["metadata"], json!({}));
        assert!(!object.to_string().contains("pay-1"));
    }
}

#[tokio::test]
async fn events_are_delivered_in_order_until_they_are_taken() {
    let world = World::new().await;
    world.paid("one").await;
    world.paid("two").await;
    let ids: Vec<String> = world.sandbox.events().into_iter().map(|event| event.id).collect();
    let seen = Mutex::new(Vec::<Delivery>::new());
    let refused = &ids[0];
    let send = |delivery: Delivery| {
        let is_taken = delivery.id != *refused;
        seen.lock().unwrap().push(delivery);
        async move { is_taken }
    };
    world.sandbox.deliver(send).await;
    world.sandbox.deliver(send).await;
    let seen = seen.into_inner().unwrap();
    let order: Vec<&String> = seen.iter().map(|delivery| &delivery.id).collect();
    assert_eq!(order, [&ids[0], &ids[1], &ids[0]]);
    let delivered: Vec<bool> = world.sandbox.events().iter().map(|event| event.delivered).collect();
    assert_eq!(delivered, [false, true]);
    let event = &world.sandbox.events()[0];
    assert_eq!(seen[0].body, event.body);
    assert_eq!(seen[0].signature, sign(SECRET, world.now(), &event.body));
    assert_eq!(seen[0].signature, world.sandbox.signed(event, world.now()));
    assert!(seen[0].signature.starts_with(&format!("t={},v1=", world.now().as_second())));
}

#[tokio::test]
async fn the_page_shows_payments_as_people_write_them_and_escapes_what_came() {
    let world = World::new().await;
    let form = with(charge("pm_card_visa"), "metadata[clinicId]", "<script>alert('&')</script>");
    let intent = world.send(Call::post("/v1/payment_intents", &form)).await.json();
    let id = intent["id"].as_str().unwrap();
    world.sandbox.refund_elsewhere(id, 5005).unwrap();
    world.sandbox.dispute(id, 100).unwrap();
    let newer = world.paid("key").await;
    let page = world.sandbox.page();
    for shown in [id, "pay-1", "150.00 BRL", "50.05 BRL", "1.00 BRL", "succeeded", "charge.dispute.created"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"));
    assert!(!page.contains("<script"));
    assert!(page.find(&newer) < page.find(id), "the newest first");
}

#[tokio::test]
async fn what_was_asked_is_told_in_order_and_without_anybodys_card() {
    let world = World::new().await;
    world.paid("key").await;
    let unknown =
        with(charge("pm_1SecretOfSomebody"), "payment_method_data[card][number]", "4242424242424242");
    world.send(Call::post("/v1/payment_intents", &unknown).header("stripe-account", "acct_1")).await;
    world.send(Call::get("/v1/payment_intents?limit=3")).await;
    let requests = world.sandbox.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/v1/payment_intents"));
    assert_eq!(requests[0].idempotency_key.as_deref(), Some("key"));
    let sent: Vec<(&str, &str)> =
        requests[0].form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, charge("pm_card_visa"));
    assert_eq!((requests[0].status, requests[1].status), (Some(200), Some(400)));
    assert_eq!(requests[1].account.as_deref(), Some("acct_1"));
    let told = format!("{requests:?}");
    assert!(!told.contains("Somebody") && !told.contains("4242"), "{told}");
    assert_eq!(requests[2].form, [("limit".to_owned(), "3".to_owned())]);
}
