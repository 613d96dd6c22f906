use super::{
    app, assert_money_agrees, balance, card, deliver, intent_of, lost, moved, paid, patient, pay, payment,
    refund,
};
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
async fn a_refund_made_elsewhere_is_booked_once_whatever_tells_of_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
    app.payments.refund_elsewhere(&intent_of(&app, &id), 5_000).unwrap();
    app.payments.refund_elsewhere(&intent_of(&app, &id), 1_000).unwrap();
    for event in app.payments.events().iter().rev() {
        assert!(
            event.kind == "payment_intent.succeeded" || !event.body.contains("clinicId"),
            "{}",
            event.body
        );
        assert_eq!(app.send(app.tells(event)).await.status, 204, "{}", event.kind);
    }
    assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "5000"], ["refund", "1000"]]);
    let rows = "SELECT status, made_elsewhere, provider_refund_id IS NOT NULL FROM billing.refunds ORDER BY amount_minor";
    assert_eq!(app.database.rows(rows).await, [["succeeded", "t", "t"], ["succeeded", "t", "t"]]);
    assert_eq!(payment(&app, &tenant, &id).await.data()["refundedMinor"], 6_000);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_dispute_is_booked_and_what_is_won_comes_back() {
    let (app, tenant) = app().await;
    for (is_won, kinds, amount) in
        [(true, vec!["payment", "dispute", "dispute_won"], 15_000), (false, vec!["payment", "dispute"], 0)]
    {
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let dispute = app.payments.dispute(&intent_of(&app, &id), 15_000).unwrap();
        deliver(&app).await;
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0, "the bank has it");
        assert_eq!(payment(&app, &tenant, &id).await.data()["disputed"], true);
        assert!(app.payments.close_dispute(&dispute, is_won));
        deliver(&app).await;

        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], amount);
        assert_eq!(payment(&app, &tenant, &id).await.data()["disputed"], !is_won);
        let told: Vec<String> = moved(&app, &patient).await.into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(told, kinds);
        for kind in ["charge.dispute.created", "charge.dispute.closed"] {
            let is_it = |line: &String| line.contains(kind) && line.contains(&id);
            assert!(warned("payment.alarm").iter().any(is_it), "{kind}: somebody has to answer the bank");
        }
        let said = format!(
            "SELECT kind FROM kernel.outbox WHERE kind LIKE 'dispute.%' AND ids->>'paymentId' = '{id}' ORDER BY seq"
        );
        let ends = if is_won { "dispute.won" } else { "dispute.lost" };
        assert_eq!(app.database.rows(&said).await, [["dispute.opened"], [ends]]);
    }
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn the_order_in_which_a_disputes_events_come_is_nothing() {
    let (app, tenant) = app().await;
    for turn in 0..6 {
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let before = app.payments.events().len();
        let dispute = app.payments.dispute(&intent_of(&app, &id), 15_000).unwrap();
        app.payments.close_dispute(&dispute, true);
        let mut events = app.payments.events()[before..].to_vec();
        events.rotate_left(turn % 4);
        if turn > 3 {
            events.reverse();
        }
        for event in &events {
            assert_eq!(app.send(app.tells(event)).await.status, 204, "{turn} {}", event.kind);
        }
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000, "{turn}");
        assert_eq!(payment(&app, &tenant, &id).await.data()["disputed"], false, "{turn}");
    }
    let states = "SELECT DISTINCT status, transaction_id IS NOT NULL, won_transaction_id IS NOT NULL FROM billing.disputes";
    assert_eq!(app.database.rows(states).await, [["won", "t", "t"]]);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn an_inquiry_takes_nothing_and_is_told_to_somebody() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
    app.payments.dispute(&intent_of(&app, &id), 15_000).unwrap();
    let created =
        app.payments.events().into_iter().find(|event| event.kind == "charge.dispute.created").unwrap();
    let asked = changed(&created, |body| body["data"]["object"]["status"] = json!("warning_needs_response"));
    assert_eq!(app.send(app.tells(&asked)).await.status, 204);
    assert_eq!(app.database.value("SELECT count(*) FROM billing.disputes").await, "0");
    let is_it = |line: &String| line.contains("inquired") && line.contains(&id);
    assert!(warned("payment.alarm").iter().any(is_it));
}

#[tokio::test]
async fn a_refund_of_more_than_is_left_here_comes_again_until_it_fits() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
    let intent = intent_of(&app, &id);
    // Ours is asked for, and never reaches the provider; meanwhile somebody gives the most of it back in the dashboard.
    app.payments.fail_next(Fault::LostBefore);
    let pending = app.send(refund(&tenant, &id, &json!({ "amountMinor": 9_000 }), "1")).await;
    assert_eq!(pending.status, 202);
    app.payments.refund_elsewhere(&intent, 9_000).unwrap();
    let event = app.payments.events().pop().unwrap();

    assert_eq!(app.send(app.tells(&event)).await.refusal(), (503, "EVENT_NOT_TAKEN_YET"));
    let is_it = |line: &String| line.contains("refund_does_not_fit") && line.contains(&id);
    assert!(warned("payment.alarm").iter().any(is_it));
    assert_eq!(moved(&app, &patient).await.len(), 1, "nothing of it is written");

    app.clock.advance(SignedDuration::from_secs(61));
    app.work("sweep-payments", None).await.unwrap();
    assert_eq!(app.send(app.tells(&event)).await.status, 204, "ours has failed meanwhile");
    assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "9000"]]);
    assert_money_agrees(&app).await;
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

    #[tokio::test]
    async fn all_that_is_told_of_a_dispute_and_a_refund_at_once_counts_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        app.payments.refund_elsewhere(&intent_of(&app, &id), 5_000).unwrap();
        let dispute = app.payments.dispute(&intent_of(&app, &id), 10_000).unwrap();
        app.payments.close_dispute(&dispute, true);
        let events = app.payments.events();
        let requests = (0..6).flat_map(|_| events.iter().map(|event| app.tells(event))).collect();
        let answers = app.send_at_once(requests).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
        let counted = "SELECT kind, count(*) FROM billing.transfers GROUP BY kind ORDER BY kind";
        let once = [["dispute", "1"], ["dispute_won", "1"], ["payment", "1"], ["refund", "1"]];
        assert_eq!(app.database.rows(counted).await, once);
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 10_000);
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
