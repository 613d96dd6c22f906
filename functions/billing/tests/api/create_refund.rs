use super::{
    app, assert_money_agrees, balance, card, deliver, intent_of, moved, paid, patient, pay, payment, refund,
};
use jiff::SignedDuration;
use payment_sandbox::Fault;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// The body of a reply without the id of its request, which no two share.
fn body(answer: &TestResponse) -> Value {
    let mut body = answer.json.clone();
    body["meta"] = Value::Null;
    body
}

/// The refund by the endpoint.
async fn shown(app: &TestApp, tenant: &Tenant, answer: &TestResponse) -> TestResponse {
    app.send(TestRequest::get(answer.header("location").unwrap()).token(tenant.owner())).await
}

#[tokio::test]
async fn a_part_and_then_the_rest_are_given_back_booked_and_receipted() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;

    let part = json!({ "amountMinor": 5_000, "reason": "One session less" });
    let part = app.send(refund(&tenant, &id, &part, "1")).await;
    let rest = app.send(refund(&tenant, &id, &json!({}), "2")).await;

    assert_eq!((part.status, rest.status), (201, 201), "{} {}", part.text, rest.text);
    let data = part.data();
    let refund_id = data["refundId"].as_str().unwrap();
    let address = format!("/api/v1/payments/{id}/refunds/{refund_id}");
    assert_eq!(part.header("location"), Some(address.as_str()));
    assert_eq!((&data["id"], &data["paymentId"]), (&json!(refund_id), &json!(id)));
    assert_eq!((&data["amountMinor"], &data["balanceMinor"]), (&json!(5_000), &json!(10_000)));
    assert_eq!((&data["status"], &data["receiptNumber"]), (&json!("succeeded"), &json!(2)));
    assert_eq!((&rest.data()["amountMinor"], &rest.data()["balanceMinor"]), (&json!(10_000), &json!(0)));
    let written = format!(
        "SELECT t.kind, t.debit_account, t.credit_account, t.method, t.source, t.source_id = r.id, r.reason,
                r.status, r.due_at IS NULL, n.kind, n.number, a.action, a.about = t.patient_id
           FROM billing.refunds AS r
           JOIN billing.transfers AS t ON t.id = r.transaction_id
           JOIN billing.receipts AS n ON n.transaction_id = t.id
           JOIN kernel.audit_log AS a ON a.subject_id = r.id
          WHERE r.id = '{refund_id}'"
    );
    let expected = [
        "refund",
        "patient",
        "clearing",
        "card",
        "refund",
        "t",
        "One session less",
        "succeeded",
        "t",
        "refunded",
        "2",
        "refund.asked",
        "t",
    ];
    assert_eq!(app.database.rows(&written).await, [expected]);
    let asked = app.payments.requests().into_iter().rfind(|request| request.path == "/v1/refunds").unwrap();
    let of = |name: &str| asked.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    assert_eq!(asked.idempotency_key.as_deref(), rest.data()["refundId"].as_str());
    assert_eq!((of("amount"), of("metadata[paymentId]")), (Some("10000".to_owned()), Some(id.clone())));
    assert_eq!(of("reason"), None, "why is nobody's but ours");
    assert_eq!(payment(&app, &tenant, &id).await.data()["refundedMinor"], 15_000);
    deliver(&app).await;
    assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "5000"], ["refund", "10000"]]);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_nobody_answers_is_202_and_carried_on_by_whoever_repeats() {
    let (app, tenant) = app().await;
    for fault in
        [Fault::Lost, Fault::LostBefore, Fault::TimedOut, Fault::Half, Fault::InUse, Fault::Refuse429]
    {
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        app.payments.fail_next(fault);
        let request = refund(&tenant, &id, &json!({}), &format!("{fault:?}"));
        let first = app.send(request.clone()).await;
        assert_eq!((first.status, &first.data()["status"]), (202, &json!("pending")), "{fault:?}");
        assert_eq!(shown(&app, &tenant, &first).await.data()["status"], "pending");
        assert_eq!(payment(&app, &tenant, &id).await.data()["refundedMinor"], 15_000, "it is reserved");
        let too_early = app.send(request.clone()).await;
        assert_eq!(too_early.refusal(), (409, "IDEMPOTENCY_KEY_IN_FLIGHT"));

        app.clock.advance(SignedDuration::from_secs(31));
        let found = app.send(request.clone()).await;
        let again = app.send(request).await;

        assert_eq!((found.status, &found.data()["refundId"]), (201, &first.data()["refundId"]), "{fault:?}");
        assert_eq!((again.status, body(&again)), (201, body(&found)));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "15000"]]);
    }
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_the_provider_does_not_give_back_is_told_final_and_free_again() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
    // Somebody was quicker in the dashboard, and nobody has told us yet.
    app.payments.refund_elsewhere(&intent_of(&app, &id), 15_000).unwrap();

    let refused = app.send(refund(&tenant, &id, &json!({}), "1")).await;
    let again = app.send(refund(&tenant, &id, &json!({}), "1")).await;

    assert_eq!(refused.refusal(), (422, "REFUND_REFUSED"));
    assert_eq!(refused.json["failureCode"], "charge_already_refunded");
    assert_eq!(body(&again), body(&refused));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(payment(&app, &tenant, &id).await.data()["refundedMinor"], 0, "what was reserved is free");
    deliver(&app).await;
    assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "15000"]]);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn money_that_comes_back_days_later_is_in_the_ledger_again_and_the_first_answer_stays() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
    let request = refund(&tenant, &id, &json!({ "amountMinor": 6_000 }), "1");
    let given = app.send(request.clone()).await;
    let made = app.payments.refunds().remove(0).id;

    assert!(app.payments.end_refund(&made, false));
    deliver(&app).await;
    deliver(&app).await;

    let now = shown(&app, &tenant, &given).await;
    assert_eq!(
        (&now.data()["status"], &now.data()["failureCode"]),
        (&json!("failed"), &json!("expired_or_canceled_card"))
    );
    assert_eq!(now.data()["transactionId"], given.data()["transactionId"]);
    assert!(now.data()["returnedTransactionId"].is_string());
    let expected = [["payment", "15000"], ["refund", "6000"], ["refund_returned", "6000"]];
    assert_eq!(moved(&app, &patient).await, expected);
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
    let again = app.send(request).await;
    assert_eq!((again.status, body(&again)), (201, body(&given)));
    // It is free again: all of it can be given back.
    assert_eq!(app.send(refund(&tenant, &id, &json!({}), "2")).await.data()["amountMinor"], 15_000);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_refund_that_is_under_way_ends_as_the_provider_tells() {
    let (app, tenant) = app().await;
    for (arrives, status, movements) in [(true, "succeeded", 2), (false, "failed", 1)] {
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_pendingRefund").await;
        let pending = app.send(refund(&tenant, &id, &json!({}), status)).await;
        assert_eq!(pending.status, 202, "{}", pending.text);
        deliver(&app).await;
        assert_eq!(moved(&app, &patient).await.len(), 1, "nothing was given back yet");
        let made = app.payments.refunds().pop().unwrap().id;
        assert_eq!(shown(&app, &tenant, &pending).await.data()["providerRefundId"], json!(made));
        assert!(app.payments.end_refund(&made, arrives));
        deliver(&app).await;
        assert_eq!(shown(&app, &tenant, &pending).await.data()["status"], status);
        assert_eq!(moved(&app, &patient).await.len(), movements);
    }
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn without_a_provider_nothing_is_reserved() {
    let mut app = TestApp::of(vec![billing::module()]).await.held_to(&super::money::CONTRACT);
    app.forget_provider();
    let tenant = app.tenant().await;
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let refused = app.send(refund(&tenant, id, &json!({}), "1")).await;
    assert_eq!(refused.refusal(), (503, "REFUNDS_NOT_SET_UP"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn sixteen_refunds_of_60_percent_at_once_are_one() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let asked = json!({ "amountMinor": 9_000 });
        let requests = (0..16).map(|key| refund(&tenant, &id, &asked, &key.to_string())).collect();

        let answers = app.send_at_once(requests).await;

        let given = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(given, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.refusal(), (422, "REFUND_EXCEEDS_PAYMENT"));
        }
        assert_eq!(app.send(refund(&tenant, &id, &json!({}), "rest")).await.data()["amountMinor"], 6_000);
        assert_eq!(app.payments.refunds().len(), 2);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn one_key_sent_thirty_times_gives_back_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let answers = app.send_at_once(vec![refund(&tenant, &id, &json!({}), "1"); 30]).await;
        for answer in &answers {
            let is_told = answer.status == 201 || answer.refusal() == (409, "IDEMPOTENCY_KEY_IN_FLIGHT");
            assert!(is_told, "{}", answer.text);
        }
        assert_eq!(app.payments.refunds().len(), 1);
        assert_eq!(moved(&app, &patient).await.len(), 2);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn refunds_disputes_and_returns_at_once_end_in_books_that_agree() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut payments = Vec::new();
        for number in 0..4 {
            let taken = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), &format!("p{number}"))).await;
            payments.push(taken.data()["paymentId"].as_str().unwrap().to_owned());
        }
        for id in &payments {
            app.send(refund(&tenant, id, &json!({ "amountMinor": 5_000 }), &format!("first {id}"))).await;
        }
        let made: Vec<String> = app.payments.refunds().into_iter().map(|made| made.id).collect();
        for made in &made {
            app.payments.end_refund(made, false);
        }
        app.payments.dispute(&intent_of(&app, &payments[0]), 15_000).unwrap();
        let mut requests: Vec<TestRequest> =
            app.payments.events().iter().map(|event| app.tells(event)).collect();
        for id in &payments {
            requests.extend((0..4).map(|key| {
                refund(&tenant, id, &json!({ "amountMinor": 4_000 }), &format!("more {id} {key}"))
            }));
        }

        let answers = app.send_at_once(requests).await;

        assert!(
            answers
                .iter()
                .all(|answer| answer.status < 500 || answer.refusal() == (503, "EVENT_NOT_TAKEN_YET")),
            "{answers:?}"
        );
        deliver(&app).await;
        let returned = "SELECT count(*) FROM billing.transfers WHERE kind = 'refund_returned'";
        assert_eq!(app.database.value(returned).await, "4");
        let disputed = "SELECT count(*) FROM billing.transfers WHERE kind = 'dispute'";
        assert_eq!(app.database.value(disputed).await, "1");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn the_reply_the_event_and_the_sweeper_write_one_refund() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        app.payments.fail_next(Fault::Lost);
        app.send(refund(&tenant, &id, &json!({}), "1")).await;
        app.clock.advance(SignedDuration::from_secs(61));
        let events: Vec<TestRequest> = app.payments.events().iter().map(|event| app.tells(event)).collect();
        let mut requests: Vec<TestRequest> = vec![refund(&tenant, &id, &json!({}), "1"); 4];
        for _ in 0..4 {
            requests.extend(events.clone());
        }
        let sweepers: Vec<_> = (0..3)
            .map(|_| {
                let app = Arc::clone(&app);
                tokio::spawn(async move { app.work("sweep-payments", None).await })
            })
            .collect();
        let answers = app.send_at_once(requests).await;
        for sweeper in sweepers {
            sweeper.await.unwrap().unwrap();
        }
        assert!(answers.iter().all(|answer| answer.status < 500), "{answers:?}");
        assert_eq!(moved(&app, &patient).await, [["payment", "15000"], ["refund", "15000"]]);
        assert_eq!(app.payments.refunds().len(), 1);
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn what_was_not_taken_is_not_given_back() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let pending = app.send(pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1")).await;
        let pending = pending.data()["paymentId"].as_str().unwrap().to_owned();
        let not_settled = (409, "PAYMENT_NOT_SETTLED");
        assert_eq!(app.send(refund(&tenant, &pending, &json!({}), "2")).await.refusal(), not_settled);
        let part = json!({ "amountMinor": 1 });
        assert_eq!(app.send(refund(&tenant, &pending, &part, "3")).await.refusal(), not_settled);
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(
            app.send(refund(&tenant, unknown, &part, "4")).await.refusal(),
            (404, "PAYMENT_NOT_FOUND")
        );
        let other = app.tenant().await;
        assert_eq!(
            app.send(refund(&other, &pending, &part, "5")).await.refusal(),
            (404, "PAYMENT_NOT_FOUND")
        );
        assert_eq!(app.database.value("SELECT count(*) FROM billing.refunds").await, "0");
        assert_eq!(app.payments.requests().len(), 1, "nobody asked for a refund");
    }

    #[tokio::test]
    async fn what_is_disputed_is_not_given_back_twice() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let dispute = app.payments.dispute(&intent_of(&app, &id), 15_000).unwrap();
        // Nobody has told us yet: the provider refuses it.
        let unknown = app.send(refund(&tenant, &id, &json!({}), "1")).await;
        assert_eq!(
            (unknown.refusal(), &unknown.json["failureCode"]),
            ((422, "REFUND_REFUSED"), &json!("charge_disputed"))
        );
        deliver(&app).await;
        assert_eq!(
            app.send(refund(&tenant, &id, &json!({}), "2")).await.refusal(),
            (409, "PAYMENT_DISPUTED")
        );
        assert!(app.payments.close_dispute(&dispute, true));
        deliver(&app).await;
        assert_eq!(app.send(refund(&tenant, &id, &json!({}), "3")).await.status, 201);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn a_refund_goes_under_the_account_of_its_payment() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let set = |account: &str| {
            format!(
                "UPDATE identity.clinics SET provider_account = {account} WHERE id = '{}' RETURNING 1",
                tenant.clinic
            )
        };
        app.database.value(&set("'acct_first'")).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        app.database.value(&set("'acct_second'")).await;
        assert_eq!(app.send(refund(&tenant, &id, &json!({}), "1")).await.status, 201);
        let asked = app.payments.requests().pop().unwrap();
        assert_eq!(asked.account.as_deref(), Some("acct_first"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn the_last_unit_is_given_back_and_one_more_is_not() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let amount = |amount: i64| json!({ "amountMinor": amount });
        for (key, asked, status) in [
            ("1", amount(0), 400),
            ("2", amount(100_000_000), 400),
            ("3", amount(15_001), 422),
            ("4", amount(99_999_999), 422),
            ("5", amount(14_999), 201),
            ("6", amount(2), 422),
            ("7", amount(1), 201),
            ("8", amount(1), 422),
        ] {
            let answer = app.send(refund(&tenant, &id, &asked, key)).await;
            assert_eq!(answer.status, status, "{asked}: {}", answer.text);
        }
        assert_eq!(
            app.send(refund(&tenant, &id, &json!({}), "9")).await.refusal(),
            (409, "NOTHING_TO_REFUND")
        );
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn a_payment_has_fifty_refunds_at_most() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let rows = format!(
            "WITH made AS (
                 INSERT INTO billing.refunds (id, clinic_id, payment_id, amount_minor, status, failure_code, created_at, updated_at)
                 SELECT uuidv7(), '{}', '{id}', 1, 'failed', 'unknown', now(), now() FROM generate_series(1, 49) RETURNING 1)
             SELECT count(*) FROM made",
            tenant.clinic
        );
        assert_eq!(app.database.value(&rows).await, "49");
        let part = json!({ "amountMinor": 1 });
        assert_eq!(app.send(refund(&tenant, &id, &part, "50")).await.status, 201);
        assert_eq!(app.send(refund(&tenant, &id, &part, "51")).await.refusal(), (409, "TOO_MANY_REFUNDS"));
    }

    #[tokio::test]
    async fn a_reason_has_1_to_500_letters() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = paid(&app, &tenant, &patient, "pm_card_visa").await;
        for (length, status) in [(0, 400), (501, 400), (500, 201)] {
            let asked = json!({ "amountMinor": 1, "reason": "é".repeat(length) });
            let answer = app.send(refund(&tenant, &id, &asked, &length.to_string())).await;
            assert_eq!(answer.status, status, "{length}: {}", answer.text);
        }
    }
}
