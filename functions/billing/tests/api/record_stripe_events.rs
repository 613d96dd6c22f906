use super::{app, assert_money_agrees, balance, card, lost, patient, pay, payment};
use jiff::SignedDuration;
use payment_sandbox::{Event, Fault, sign};
use serde_json::{Value, json};
use shared::clock::Clock as _;
use testkit::{OLD_WEBHOOK_SECRET, TestApp, TestRequest, WEBHOOK_SECRET, warned};

/// A request with that body, signed with that secret at that many seconds from now.
fn signed(app: &TestApp, body: &str, secret: &str, seconds: i64) -> TestRequest {
    let signature = sign(secret, app.clock.now() + SignedDuration::from_secs(seconds), body);
    TestRequest::new("POST", "/api/v1/webhooks/stripe").text(body).header("stripe-signature", &signature)
}

/// The event with another word in it.
fn changed(event: &Event, change: impl Fn(&mut Value)) -> Event {
    let mut body: Value = serde_json::from_str(&event.body).unwrap();
    change(&mut body);
    Event { body: body.to_string(), ..event.clone() }
}

#[tokio::test]
async fn what_the_provider_tells_first_is_booked_as_the_reply_would_have() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
    let event = app.payments.events().remove(0);

    let told = app.send(app.tells(&event)).await;
    let again = app.send(app.tells(&event)).await;

    assert_eq!((told.status, again.status), (204, 204), "{}", told.text);
    assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
    let noted = "SELECT e.kind, e.payment_id = p.id FROM billing.provider_events AS e CROSS JOIN billing.payments AS p";
    assert_eq!(app.database.rows(noted).await, [["payment_intent.succeeded", "t"]]);
    app.clock.advance(SignedDuration::from_secs(10));
    let repeated = app.send(pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1")).await;
    assert_eq!((repeated.status, &repeated.data()["receiptNumber"]), (201, &json!(1)));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_failure_that_is_told_fails_and_a_late_success_is_booked_all_the_same() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
    let succeeded = app.payments.events().remove(0);
    let failed = changed(&succeeded, |body| {
        body["id"] = json!("evt_failed");
        body["type"] = json!("payment_intent.canceled");
    });
    assert_eq!(app.send(app.tells(&failed)).await.status, 204);
    let shown = payment(&app, &tenant, &id).await;
    assert_eq!(
        (&shown.data()["status"], &shown.data()["failureCode"]),
        (&json!("failed"), &json!("NOT_CHARGED"))
    );
    assert_eq!(app.send(app.tells(&succeeded)).await.status, 204);
    assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn another_amount_or_currency_is_never_booked() {
    let (app, tenant) = app().await;
    for (member, value) in
        [("amount_received", json!(14_999)), ("currency", json!("eur")), ("currency", json!("???"))]
    {
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", &format!("{member} {value}")).await;
        let event = app.payments.events().into_iter().rfind(|event| event.body.contains(&id)).unwrap();
        let wrong = changed(&event, |body| body["data"]["object"][member] = value.clone());
        assert_eq!(app.send(app.tells(&wrong)).await.status, 204);
        assert_eq!(app.send(app.tells(&wrong)).await.status, 204);
        let shown = payment(&app, &tenant, &id).await;
        assert_eq!(
            (&shown.data()["status"], &shown.data()["review"]),
            (&json!("pending"), &json!("another_amount"))
        );
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0);
        assert!(warned("payment.alarm").iter().any(|line| line.contains(&id)), "{member}");
    }
}

#[tokio::test]
async fn disputes_and_refunds_made_elsewhere_find_their_payment_and_raise_an_alarm() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "1")).await;
    let id = paid.data()["paymentId"].as_str().unwrap();
    let intent = app.payments.charged(id).remove(0).id;
    let before = app.payments.events().len();
    app.payments.dispute(&intent, 15_000).unwrap();
    app.payments.refund_elsewhere(&intent, 100).unwrap();
    for event in &app.payments.events()[before..] {
        assert!(!event.body.contains("clinicId"), "{}", event.body);
        assert_eq!(app.send(app.tells(event)).await.status, 204, "{}", event.kind);
        let line =
            warned("payment.alarm").into_iter().find(|line| line.contains(&event.kind) && line.contains(id));
        assert!(line.is_some(), "{}", event.kind);
    }
    let noted = format!("SELECT count(*) > 2 FROM billing.provider_events WHERE payment_id = '{id}'");
    assert_eq!(app.database.value(&noted).await, "t");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn twenty_of_one_event_count_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let event = app.payments.events().remove(0);
        let answers = app.send_at_once(vec![app.tells(&event); 20]).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.provider_events").await, "1");
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn what_is_not_signed_by_a_secret_of_ours_is_not_read() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let event = app.payments.events().remove(0);
        let invalid = (403, "EVENT_SIGNATURE_INVALID");
        let others = signed(&app, &event.body, "whsec_of_somebody_else_at_all", 0);
        assert_eq!(app.send(others).await.refusal(), invalid);
        let one_byte = event.body.replacen("15000", "15001", 1);
        let good = app.payments.signed(&event, app.clock.now());
        let changed = TestRequest::new("POST", "/api/v1/webhooks/stripe")
            .text(&one_byte)
            .header("stripe-signature", &good);
        assert_eq!(app.send(changed).await.refusal(), invalid);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        let old = signed(&app, &event.body, OLD_WEBHOOK_SECRET, 0);
        assert_eq!(app.send(old).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
    }

    #[tokio::test]
    async fn another_clinics_payment_is_not_moved_by_metadata_that_do_not_fit() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let other = app.tenant().await.clinic.to_string();
        let event = app.payments.events().remove(0);
        let foreign = changed(&event, |body| body["data"]["object"]["metadata"]["clinicId"] = json!(other));
        assert_eq!(app.send(app.tells(&foreign)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        let alarm = warned("payment.alarm")
            .into_iter()
            .find(|line| line.contains("unknown_payment") && line.contains(&id));
        assert!(alarm.is_some());
    }

    #[tokio::test]
    async fn an_account_tells_of_its_own_payments_alone() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let event = app.payments.events().remove(0);
        let foreign = changed(&event, |body| body["account"] = json!("acct_ofSomebodyElse"));
        assert_eq!(app.send(app.tells(&foreign)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.provider_events").await, "0");
        let alarm = warned("payment.alarm")
            .into_iter()
            .find(|line| line.contains("not_its_own") && line.contains(&id));
        assert!(alarm.is_some());
        assert_eq!(app.send(app.tells(&event)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
    }

    #[tokio::test]
    async fn an_event_of_another_payment_of_the_provider_moves_nothing() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_processing", "1").await;
        let intent = app.payments.intents().remove(0).id;
        assert!(app.payments.settle(&intent, true));
        let event = app.payments.events().pop().unwrap();
        let forged = changed(&event, |body| body["data"]["object"]["id"] = json!("pi_another"));
        assert_eq!(app.send(app.tells(&forged)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        let alarm = warned("payment.alarm")
            .into_iter()
            .find(|line| line.contains("not_its_own") && line.contains(&id));
        assert!(alarm.is_some());
        assert_eq!(app.send(app.tells(&event)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["providerPaymentId"], intent);
    }

    #[tokio::test]
    async fn what_others_are_told_on_the_same_account_is_taken_and_is_nothing_of_ours() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let event = app.payments.events().remove(0);
        for metadata in [
            json!({ "paymentId": "order-77" }),
            json!({ "clinicId": "7", "paymentId": "9", "deployment": "shop" }),
            json!({}),
            json!(null),
        ] {
            let foreign = changed(&event, |body| body["data"]["object"]["metadata"] = metadata.clone());
            assert_eq!(app.send(app.tells(&foreign)).await.status, 204, "{metadata}");
        }
        let nameless = changed(&event, |body| {
            body["type"] = json!("balance.available");
            body["data"]["object"] = json!({ "object": "balance", "available": [] });
        });
        assert_eq!(app.send(app.tells(&nameless)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.provider_events").await, "0");
    }

    #[tokio::test]
    async fn another_deployments_payment_is_nothing_of_ours() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let event = app.payments.events().remove(0);
        let foreign =
            changed(&event, |body| body["data"]["object"]["metadata"]["deployment"] = json!("elsewhere"));
        assert_eq!(app.send(app.tells(&foreign)).await.status, 204);
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "pending");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.provider_events").await, "0");
    }

    #[tokio::test]
    async fn what_cannot_be_looked_up_now_comes_again() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "1")).await;
        let intent = app.payments.charged(paid.data()["paymentId"].as_str().unwrap()).remove(0).id;
        app.payments.dispute(&intent, 15_000).unwrap();
        let event = app.payments.events().into_iter().rfind(|event| event.kind.contains("dispute")).unwrap();
        app.payments.fail_next(Fault::Error500);
        assert_eq!(app.send(app.tells(&event)).await.refusal(), (503, "EVENT_NOT_TAKEN_YET"));
        assert_eq!(app.send(app.tells(&event)).await.status, 204);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_signature_is_good_for_300_seconds() {
        let (app, _) = app().await;
        let body =
            json!({ "id": "evt_1", "type": "customer.created", "data": { "object": { "id": "cus_1" } } })
                .to_string();
        for seconds in [-300, 300] {
            assert_eq!(app.send(signed(&app, &body, WEBHOOK_SECRET, seconds)).await.status, 204, "{seconds}");
        }
        for seconds in [-301, 301] {
            let expired = app.send(signed(&app, &body, WEBHOOK_SECRET, seconds)).await;
            assert_eq!(expired.refusal(), (403, "EVENT_SIGNATURE_EXPIRED"), "{seconds}");
        }
    }

    #[tokio::test]
    async fn what_is_no_event_is_told_and_a_kind_that_nobody_waits_for_is_well() {
        let (app, _) = app().await;
        for body in ["", "[]", "{}", "null", "{\"id\":\"evt_1\"}"] {
            let refused = app.send(signed(&app, body, WEBHOOK_SECRET, 0)).await;
            assert_eq!(refused.refusal(), (400, "MALFORMED_JSON"), "{body}");
        }
        let unknown =
            json!({ "id": "evt_1", "type": "invoice.paid", "data": { "object": { "id": "in_1" } } });
        assert_eq!(app.send(signed(&app, &unknown.to_string(), WEBHOOK_SECRET, 0)).await.status, 204);
        let unsigned = TestRequest::new("POST", "/api/v1/webhooks/stripe").text("{}");
        assert_eq!(app.send(unsigned).await.status, 400);
    }
}
