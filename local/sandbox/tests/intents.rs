//! Payment intents over HTTP: what is taken, what is refused, what is read.

mod common;

use common::{Call, World, charge, fence, with};
use jiff::SignedDuration;
use serde_json::json;

const INTENTS: &str = "/v1/payment_intents";

#[tokio::test]
async fn a_good_card_pays_and_the_event_carries_the_metadata() {
    let world = World::new().await;
    let reply = world.send(Call::charge("pm_card_visa", "key")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    let intent = reply.json();
    assert!(intent["id"].as_str().unwrap().starts_with("pi_"));
    assert!(intent["latest_charge"].as_str().unwrap().starts_with("ch_"));
    let metadata = json!({ "clinicId": "clinic-1", "deployment": "test", "paymentId": "pay-1" });
    for (member, value) in [
        ("object", json!("payment_intent")),
        ("status", json!("succeeded")),
        ("amount", json!(15_000)),
        ("amount_received", json!(15_000)),
        ("currency", json!("brl")),
        ("metadata", metadata),
        ("last_payment_error", json!(null)),
        ("next_action", json!(null)),
        ("created", json!(world.now().as_second())),
    ] {
        assert_eq!(intent[member], value, "{member}");
    }
    let event = world.last_event();
    assert_eq!(event["object"], "event");
    assert_eq!(event["type"], "payment_intent.succeeded");
    assert_eq!(event["livemode"], false);
    assert!(event.get("account").is_none());
    assert_eq!(event["data"]["object"], intent);
    let charged = world.sandbox.charged("pay-1");
    assert_eq!(charged.len(), 1);
    assert_eq!(charged[0].id, intent["id"].as_str().unwrap());
    assert_eq!(charged[0].clinic_id.as_deref(), Some("clinic-1"));
    assert_eq!(charged[0].idempotency_key.as_deref(), Some("key"));
    assert_eq!(charged[0].amount_received, 15_000);
    assert!(world.sandbox.charged("pay-2").is_empty());
}

#[tokio::test]
async fn a_declined_card_is_402_and_leaves_an_intent_that_took_nothing() {
    let world = World::new().await;
    for (card, code, decline_code) in [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ] {
        let reply = world.send(Call::charge(card, card)).await;
        let error = &reply.json()["error"];
        assert_eq!(reply.status, 402, "{card}");
        assert_eq!(error["type"], "card_error", "{card}");
        assert_eq!(error["code"], code, "{card}");
        assert_eq!(error["decline_code"], decline_code, "{card}");
        let intent = &error["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method", "{card}");
        assert_eq!(intent["last_payment_error"]["decline_code"], decline_code, "{card}");
        let event = world.last_event();
        assert_eq!(event["type"], "payment_intent.payment_failed", "{card}");
        assert_eq!(&event["data"]["object"], intent, "{card}");
    }
    assert!(world.sandbox.charged("pay-1").is_empty());
    assert_eq!(world.sandbox.intents().len(), 9);
}

#[tokio::test]
async fn a_token_pays_as_the_card_it_stands_for() {
    let world = World::new().await;
    for (token, status) in [("tok_visa", 200), ("tok_chargeDeclined", 402), ("tok_sandbox_tokenUsed", 400)] {
        let mut form = charge("");
        form.retain(|(name, _)| *name != "payment_method");
        form.extend([("payment_method_data[type]", "card"), ("payment_method_data[card][token]", token)]);
        assert_eq!(world.send(Call::post(INTENTS, &form)).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn without_confirm_nothing_is_taken_and_the_intent_can_be_cancelled() {
    let world = World::new().await;
    let made = world.send(Call::post(INTENTS, &fence())).await.json();
    assert_eq!(made["status"], "requires_payment_method");
    assert_eq!(made["amount_received"], 0);
    let cancel = format!("{INTENTS}/{}/cancel", made["id"].as_str().unwrap());
    let cancelled = world.send(Call::post(&cancel, &[])).await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &json!("canceled")));
    assert_eq!(world.kinds(), ["payment_intent.canceled"]);
    let again = world.send(Call::post(&cancel, &[])).await;
    assert_eq!((again.status, again.error().as_str()), (400, "payment_intent_unexpected_state"));
    assert_eq!(again.json()["error"]["payment_intent"]["status"], "canceled");
}

#[tokio::test]
async fn an_intent_that_took_money_or_is_processed_cannot_be_cancelled() {
    let world = World::new().await;
    for card in ["pm_card_visa", "pm_sandbox_processing"] {
        let id = world.send(Call::charge(card, card)).await.json()["id"].as_str().unwrap().to_owned();
        let reply = world.send(Call::post(&format!("{INTENTS}/{id}/cancel"), &[])).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "payment_intent_unexpected_state"),
            "{card}"
        );
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_400_and_says_which() {
    let world = World::new().await;
    let good = || charge("pm_card_visa");
    for (form, code, param) in [
        (with(good(), "amount", "0"), "parameter_invalid_integer", "amount"),
        (with(good(), "amount", "-1"), "parameter_invalid_integer", "amount"),
        (with(good(), "amount", "1.5"), "parameter_invalid_integer", "amount"),
        (with(good(), "amount", ""), "parameter_invalid_empty", "amount"),
        (with(good(), "amount", "100000000"), "amount_too_large", "amount"),
        (with(good(), "currency", "BRL"), "invalid_request_error", "currency"),
        (with(with(good(), "currency", "isk"), "amount", "15010"), "parameter_invalid_integer", "amount"),
        (with(with(good(), "currency", "kwd"), "amount", "15001"), "parameter_invalid_integer", "amount"),
        (with(good(), "confirm", "yes"), "invalid_request_error", "confirm"),
        (with(good(), "payment_method", "pm_1Ab"), "resource_missing", "payment_method"),
        (with(good(), "payment_method_types[]", "boleto"), "invalid_request_error", "payment_method_types"),
        (with(good(), "colour", "red"), "parameter_unknown", "colour"),
        (fence().into_iter().skip(1).collect(), "parameter_missing", "amount"),
        (with(fence(), "confirm", "true"), "parameter_missing", "payment_method"),
        (
            with(fence(), "error_on_requires_action", "true"),
            "invalid_request_error",
            "error_on_requires_action",
        ),
    ] {
        let reply = world.send(Call::post(INTENTS, &form)).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, code), "{form:?}");
        assert_eq!(reply.json()["error"]["param"], param, "{form:?}");
        assert_eq!(reply.json()["error"]["type"], "invalid_request_error", "{form:?}");
    }
    assert!(world.sandbox.intents().is_empty());
}

#[tokio::test]
async fn the_least_the_most_and_currencies_that_end_in_zeros_are_taken() {
    let world = World::new().await;
    for (amount, currency) in [("1", "brl"), ("99999999", "brl"), ("500", "isk"), ("10", "tnd"), ("7", "mga")]
    {
        let form = with(with(charge("pm_card_visa"), "amount", amount), "currency", currency);
        let reply = world.send(Call::post(INTENTS, &form)).await;
        assert_eq!(reply.status, 200, "{amount} {currency}");
        assert_eq!(reply.json()["amount_received"].to_string(), amount);
    }
}

#[tokio::test]
async fn without_the_key_or_the_version_nothing_is_done() {
    let world = World::new().await;
    let good = || Call::charge("pm_card_visa", "key");
    let missing_type = good().header("content-type", "application/json");
    for (call, status) in [
        (good().without("authorization"), 401),
        (good().header("authorization", "Bearer sk_test_other"), 401),
        (good().without("stripe-version"), 400),
        (good().header("stripe-version", "2020-08-27"), 400),
        (missing_type, 400),
        (Call::get("/v1/charges"), 404),
    ] {
        let reply = world.send(call).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
    }
    assert!(world.sandbox.intents().is_empty());
    assert_eq!(world.send(good()).await.status, 200, "nothing was kept under the key");
}

#[tokio::test]
async fn an_intent_is_found_only_under_its_account() {
    let world = World::new().await;
    let call = Call::charge("pm_card_visa", "key").header("stripe-account", "acct_1");
    let path = format!("{INTENTS}/{}", world.send(call).await.json()["id"].as_str().unwrap());
    assert_eq!(world.last_event()["account"], "acct_1");
    assert_eq!(world.sandbox.intents()[0].account.as_deref(), Some("acct_1"));
    let own = world.send(Call::get(&path).header("stripe-account", "acct_1")).await;
    assert_eq!(own.status, 200);
    for call in [Call::get(&path), Call::get(&path).header("stripe-account", "acct_2")] {
        let reply = world.send(call).await;
        assert_eq!((reply.status, reply.error().as_str()), (404, "resource_missing"));
    }
    let list = |call: Call| async { world.send(call).await.json()["data"].as_array().unwrap().len() };
    assert_eq!(list(Call::get(INTENTS)).await, 0);
    assert_eq!(list(Call::get(INTENTS).header("stripe-account", "acct_1")).await, 1);
}

#[tokio::test]
async fn the_list_goes_from_the_newest_to_the_oldest_page_by_page() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.insert(0, world.paid(&number.to_string()).await);
        world.pass(SignedDuration::from_secs(1));
    }
    let page = |query: String| {
        let world = &world;
        async move {
            let reply = world.send(Call::get(&format!("{INTENTS}?{query}"))).await.json();
            assert_eq!(reply["object"], "list");
            let ids = reply["data"].as_array().unwrap().iter();
            let ids: Vec<String> = ids.map(|intent| intent["id"].as_str().unwrap().to_owned()).collect();
            (ids, reply["has_more"].as_bool().unwrap())
        }
    };
    assert_eq!(page(String::new()).await, (ids[..10].to_vec(), true));
    assert_eq!(page(format!("starting_after={}", ids[9])).await, (ids[10..].to_vec(), false));
    assert_eq!(page(format!("limit=1&starting_after={}", ids[9])).await, (vec![ids[10].clone()], true));
    assert_eq!(page("limit=12".to_owned()).await, (ids.clone(), false));
    let first = world.now().as_second() - 12;
    let (from, until) = (first + 2, first + 5);
    let between = page(format!("created[gte]={from}&created[lt]={until}")).await;
    assert_eq!(between, (ids[7..10].to_vec(), false));
    for (query, code) in [
        ("limit=0", "parameter_invalid_integer"),
        ("limit=101", "parameter_invalid_integer"),
        ("starting_after=pi_1", "resource_missing"),
        ("page=2", "parameter_unknown"),
    ] {
        let reply = world.send(Call::get(&format!("{INTENTS}?{query}"))).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, code), "{query}");
    }
}

#[tokio::test]
async fn a_customer_who_has_to_act_is_waited_for_and_the_intent_ends_either_way() {
    let world = World::new().await;
    let mut form = charge("pm_card_authenticationRequired");
    form.retain(|(name, _)| *name != "error_on_requires_action");
    let waiting = world.send(Call::post(INTENTS, &form)).await.json();
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!(waiting["next_action"]["type"], "use_stripe_sdk");
    let processing = world.send(Call::charge("pm_sandbox_processing", "key")).await.json();
    assert_eq!(processing["status"], "processing");
    let (waiting, processing) = (waiting["id"].as_str().unwrap(), processing["id"].as_str().unwrap());
    assert!(world.sandbox.charged("pay-1").is_empty());

    assert!(world.sandbox.settle(waiting, true));
    assert!(world.sandbox.settle(processing, false));
    assert!(!world.sandbox.settle("pi_1", true));
    assert_eq!(world.sandbox.charged("pay-1")[0].id, waiting);
    let failed = world.last_event()["data"]["object"].clone();
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "card_declined");
    assert_eq!(world.send(Call::get(&format!("{INTENTS}/{processing}"))).await.json(), failed);
    assert_eq!(
        world.kinds(),
        [
            "payment_intent.requires_action",
            "payment_intent.processing",
            "payment_intent.succeeded",
            "payment_intent.payment_failed"
        ]
    );
    assert!(world.sandbox.settle(processing, true), "whoever has its client secret tries again");
    assert!(!world.sandbox.settle(processing, true), "what succeeded is over");
}

#[tokio::test]
async fn a_pix_waits_for_its_customer() {
    let world = World::new().await;
    let mut form = with(fence(), "payment_method_types[]", "pix");
    form.extend([("confirm", "true"), ("payment_method_data[type]", "pix")]);
    let waiting = world.send(Call::post(INTENTS, &form)).await.json();
    assert_eq!(waiting["status"], "requires_action");
    let action = &waiting["next_action"];
    assert_eq!(action["type"], "pix_display_qr_code");
    assert!(action["pix_display_qr_code"]["data"].is_string());
    assert_eq!(action["pix_display_qr_code"]["expires_at"], world.now().as_second() + 4 * 3600);
}
