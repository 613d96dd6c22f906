//! Payments that wait for their customer: a card whose bank asks its owner (3-D Secure), and Pix.

use super::{app, assert_money_agrees, balance, card, pay, payment, payment_of};
use crate::money::patient;
use jiff::{SignedDuration, Timestamp};
use payment_sandbox::Fault;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::{Clock as _, Ids as _, SystemIds};
use std::time::Duration;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

const ASKS: &str = "pm_card_authenticationRequired";

fn cancel(tenant: &Tenant, id: &str) -> TestRequest {
    TestRequest::new("POST", &format!("/api/v1/payments/{id}/cancel")).token(tenant.owner())
}

/// Makes a payment that waits; its id, its id at the provider, and the reply.
async fn waiting(
    app: &TestApp,
    tenant: &Tenant,
    patient: &str,
    method: &str,
    key: &str,
) -> (String, String, TestResponse) {
    let asked = app.send(pay(tenant, &card(patient, method), key)).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let id = asked.data()["paymentId"].as_str().unwrap().to_owned();
    (id.clone(), intent_of(app, &id).0, asked)
}

/// The intent of a payment, and its status at the provider.
fn intent_of(app: &TestApp, id: &str) -> (String, String) {
    let is_it = |intent: &payment_sandbox::Intent| intent.payment_id.as_deref() == Some(id);
    let intent = app.payments.intents().into_iter().find(is_it).unwrap();
    (intent.id, intent.status)
}

/// Tells the newest event.
async fn tell(app: &TestApp) {
    let event = app.payments.events().pop().unwrap();
    assert_eq!(app.send(app.tells(&event)).await.status, 204);
}

fn expires_at(answer: &TestResponse) -> Timestamp {
    answer.data()["nextAction"]["expiresAt"].as_str().unwrap().parse().unwrap()
}

async fn state(app: &TestApp, id: &str) -> Vec<String> {
    let sql = "SELECT status, COALESCE(failure_code, ''), COALESCE(decline_code, ''), card_token IS NULL
                 FROM billing.payments WHERE id = '{id}'";
    app.database.rows(&sql.replace("{id}", id)).await.remove(0)
}

/// What the customer needs is in the reply alone.
async fn assert_kept_nowhere(app: &TestApp, text: &str) {
    for table in [
        "billing.payments",
        "billing.provider_events",
        "kernel.idempotency_keys",
        "kernel.outbox",
        "kernel.audit_log",
    ] {
        let sql = format!("SELECT count(*) FROM {table} AS kept WHERE strpos(kept::text, '{text}') > 0");
        assert_eq!(app.database.value(&sql).await, "0", "{table}");
    }
}

#[tokio::test]
async fn a_card_whose_bank_asks_its_owner_is_taken_once_they_have_said_yes() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let (id, intent, asked) = waiting(&app, &tenant, &patient, ASKS, "1").await;

    let action = &asked.data()["nextAction"];
    let secret = action["clientSecret"].as_str().unwrap();
    assert!(secret.starts_with(&intent), "{action}");
    assert_eq!((&action["type"], &action["qrCode"]), (&json!("authenticate"), &Value::Null));
    assert_eq!(expires_at(&asked), app.clock.now() + SignedDuration::from_hours(1));
    let shown = payment(&app, &tenant, &id).await;
    assert_eq!(shown.data()["waitingUntil"], action["expiresAt"]);
    assert!(!shown.text.contains("secret"), "{}", shown.text);
    assert_kept_nowhere(&app, secret).await;
    // Whoever lost the reply repeats the request, at once.
    let again = app.send(pay(&tenant, &card(&patient, ASKS), "1")).await;
    assert_eq!((again.status, &again.data()["nextAction"]), (202, action));

    assert!(app.payments.settle(&intent, true));
    tell(&app).await;

    let paid = app.send(pay(&tenant, &card(&patient, ASKS), "1")).await;
    assert_eq!((paid.status, &paid.data()["paymentId"]), (201, &json!(id)), "{}", paid.text);
    assert_eq!((&paid.data()["nextAction"], &paid.data()["balanceMinor"]), (&Value::Null, &json!(15_000)));
    assert_eq!(app.payments.charged(&id).len(), 1);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_pix_is_booked_when_somebody_paid_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let (id, intent, asked) = waiting(&app, &tenant, &patient, "pix", "1").await;

    let action = &asked.data()["nextAction"];
    assert_eq!((&action["type"], &action["clientSecret"]), (&json!("pay_pix"), &Value::Null));
    let qr_code = action["qrCode"].as_str().unwrap();
    assert!(qr_code.starts_with("00020126"), "{action}");
    assert_kept_nowhere(&app, qr_code).await;
    // The provider has whole seconds.
    let (until, four_hours) = (expires_at(&asked), app.clock.now() + SignedDuration::from_hours(4));
    assert!(four_hours.duration_since(until).abs() < SignedDuration::from_secs(1), "{until}");
    assert_eq!(payment(&app, &tenant, &id).await.data()["method"], "pix");
    let again = app.send(pay(&tenant, &card(&patient, "pix"), "1")).await;
    assert_eq!((again.status, &again.data()["nextAction"]), (202, action));

    assert!(app.payments.settle(&intent, true));
    // No event comes: whoever asks again finds out.
    let paid = app.send(pay(&tenant, &card(&patient, "pix"), "1")).await;

    assert_eq!((paid.status, &paid.data()["receiptNumber"]), (201, &json!(1)), "{}", paid.text);
    let booked = "SELECT kind, method, amount_minor FROM billing.transfers";
    assert_eq!(app.database.rows(booked).await, [["payment", "pix", "15000"]]);
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
    tell(&app).await;
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_the_customer_did_not_do_fails_and_can_be_done_no_more() {
    let (app, tenant) = app().await;
    for (method, code, decline, refusal) in [
        ("pix", "PIX_NOT_PAID", "", (409, "PAYMENT_NOT_CHARGED")),
        (ASKS, "CARD_DECLINED", "generic_decline", (402, "CARD_DECLINED")),
    ] {
        let patient = patient(&app, &tenant).await;
        let (id, intent, _) = waiting(&app, &tenant, &patient, method, method).await;
        assert!(app.payments.settle(&intent, false));
        tell(&app).await;
        assert_eq!(state(&app, &id).await, ["failed", code, decline, "t"], "{method}");
        assert_eq!(intent_of(&app, &id).1, "canceled", "{method}: its client secret pays no more");
        let again = app.send(pay(&tenant, &card(&patient, method), method)).await;
        assert_eq!(again.refusal(), refusal, "{method}");
    }
    assert_money_agrees(&app).await;
}

mod race {
    use super::*;
    use futures_util::future::join_all;

    #[tokio::test]
    async fn who_pays_while_it_is_given_up_has_paid_or_has_not_and_never_both() {
        let (app, _) = app().await;
        let mut paid = 0;
        for round in 0..10 {
            let tenant = app.tenant().await;
            let patient = patient(&app, &tenant).await;
            let method = if round % 2 == 0 { "pix" } else { ASKS };
            let key = round.to_string();
            let (id, intent, _) = waiting(&app, &tenant, &patient, method, &key).await;
            let customer = async {
                tokio::time::sleep(Duration::from_millis(round * 2)).await;
                app.payments.settle(&intent, true)
            };
            let cancelled = app.send(cancel(&tenant, &id));
            let repeated = app.send(pay(&tenant, &card(&patient, method), &key));
            let (cancelled, has_paid, repeated) = tokio::join!(cancelled, customer, repeated);
            assert!(cancelled.status < 500 && repeated.status < 500, "{} {}", cancelled.text, repeated.text);
            tell(&app).await;
            app.clock.advance(SignedDuration::from_mins(2));
            app.work("sweep-payments", None).await.unwrap();
            let expected = if has_paid { "succeeded" } else { "failed" };
            assert_eq!(state(&app, &id).await[0], expected, "{round}");
            paid += u32::from(has_paid);
        }
        assert!((1..10).contains(&paid), "{paid} of ten customers were quicker");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn twenty_repetitions_and_the_event_twice_book_it_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, intent, _) = waiting(&app, &tenant, &patient, "pix", "1").await;
        assert!(app.payments.settle(&intent, true));
        let event = app.payments.events().pop().unwrap();
        let repeated = (0..20).map(|_| app.send(pay(&tenant, &card(&patient, "pix"), "1")));
        let told = (0..2).map(|_| app.send(app.tells(&event)));
        let (repeated, told) = tokio::join!(join_all(repeated), join_all(told));
        assert!(repeated.iter().all(|answer| [201, 202, 409].contains(&answer.status)));
        assert!(told.iter().all(|answer| answer.status == 204));
        assert_eq!(state(&app, &id).await[0], "succeeded");
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_sweeper_reads_what_waits_and_gives_it_up_when_its_time_is_over() {
        let (app, _) = app().await;
        for (method, minutes) in [(ASKS, 60), ("pix", 240)] {
            // A token lives a quarter of an hour.
            let tenant = app.tenant().await;
            let patient = patient(&app, &tenant).await;
            let (id, _, _) = waiting(&app, &tenant, &patient, method, method).await;
            let before = app.payments.requests().len();
            let mut looks = 0;
            for _ in 0..minutes - 1 {
                app.clock.advance(SignedDuration::from_mins(1));
                looks += app.work("sweep-payments", None).await.unwrap();
            }
            // One in a quarter of an hour: a clinic with many of them holds up nobody.
            assert_eq!(looks, usize::try_from(minutes / 15 - 1).unwrap(), "{method}");
            assert_eq!(state(&app, &id).await[0], "pending", "{method}");
            assert!(app.payments.requests()[before..].iter().all(|request| request.method == "GET"));

            app.clock.advance(SignedDuration::from_mins(1));
            assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);

            assert_eq!(state(&app, &id).await, ["failed", "NOT_CHARGED", "", "t"], "{method}");
            assert_eq!(intent_of(&app, &id).1, "canceled");
        }
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn what_waits_is_cancelled_at_once_and_holds_up_another_card_until_then() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, _, _) = waiting(&app, &tenant, &patient, ASKS, "1").await;
        let another = pay(&tenant, &card(&patient, "pm_card_visa"), "2");
        assert_eq!(app.send(another.clone()).await.refusal(), (409, "PAYMENT_PENDING"));
        // A Pix holds up nobody: it is paid by whoever reads it.
        waiting(&app, &tenant, &patient, "pix", "3").await;
        waiting(&app, &tenant, &patient, "pix", "4").await;

        let cancelled = app.send(cancel(&tenant, &id)).await;

        assert_eq!(
            (cancelled.status, &cancelled.data()["status"]),
            (200, &json!("failed")),
            "{}",
            cancelled.text
        );
        assert_eq!(cancelled.data()["failureCode"], "NOT_CHARGED");
        assert_eq!(intent_of(&app, &id).1, "canceled");
        assert_eq!(app.send(another).await.status, 201);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn a_pix_whose_reply_was_lost_is_found_by_whoever_comes_next() {
        let (app, tenant) = app().await;
        let (first, second) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
        for (patient, key) in [(&first, "1"), (&second, "2")] {
            app.payments.fail_next(Fault::Lost);
            let lost = app.send(pay(&tenant, &card(patient, "pix"), key)).await;
            assert_eq!((lost.status, &lost.data()["nextAction"]), (202, &Value::Null));
        }
        app.clock.advance(SignedDuration::from_secs(10));
        let repeated = app.send(pay(&tenant, &card(&first, "pix"), "1")).await;
        assert_eq!((repeated.status, &repeated.data()["nextAction"]["type"]), (202, &json!("pay_pix")));
        app.clock.advance(SignedDuration::from_secs(50));
        assert_eq!(
            app.work("sweep-payments", None).await.unwrap(),
            1,
            "of the other one it is known that it waits"
        );
        let id = payment_of(&app, &second).await;
        assert!(payment(&app, &tenant, &id).await.data()["waitingUntil"].is_string());
        assert_eq!(app.payments.intents().len(), 2, "one for each");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn a_pix_that_never_arrived_is_given_up_and_paid_by_nobody() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.payments.fail_next(Fault::LostBefore);
        let lost = app.send(pay(&tenant, &card(&patient, "pix"), "1")).await;
        assert_eq!(lost.status, 202, "{}", lost.text);
        app.clock.advance(SignedDuration::from_secs(60));
        assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);
        let id = payment_of(&app, &patient).await;
        assert_eq!(state(&app, &id).await, ["failed", "NOT_CHARGED", "", "t"]);
        assert_eq!(intent_of(&app, &id).1, "canceled");
        let again = app.send(pay(&tenant, &card(&patient, "pix"), "1")).await;
        assert_eq!(again.refusal(), (409, "PAYMENT_NOT_CHARGED"));
        assert_money_agrees(&app).await;
    }
}

mod tried_again {
    use super::*;

    /// A payment whose customer was refused, of which nothing was told yet.
    async fn refused(app: &TestApp, tenant: &Tenant, patient: &str) -> (String, String) {
        let (id, intent, _) = waiting(app, tenant, patient, ASKS, "1").await;
        assert!(app.payments.settle(&intent, false));
        (id, intent)
    }

    #[tokio::test]
    async fn whoever_repeats_is_told_that_it_failed_once_nobody_can_try_again() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, intent) = refused(&app, &tenant, &patient).await;
        let repeated = app.send(pay(&tenant, &card(&patient, ASKS), "1")).await;
        assert_eq!(repeated.refusal(), (402, "CARD_DECLINED"));
        assert!(!app.payments.settle(&intent, true), "its client secret is good for nothing");
        assert_eq!(state(&app, &id).await[0], "failed");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn while_it_cannot_be_cancelled_it_is_pending_and_is_looked_at_next() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, _) = refused(&app, &tenant, &patient).await;
        app.payments.fail_next(Fault::LostBefore);
        tell(&app).await;
        assert_eq!(state(&app, &id).await[0], "pending");
        let another = pay(&tenant, &card(&patient, "pm_card_visa"), "2");
        assert_eq!(app.send(another.clone()).await.refusal(), (409, "PAYMENT_PENDING"));
        assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);
        assert_eq!(state(&app, &id).await, ["failed", "CARD_DECLINED", "generic_decline", "t"]);
        // The event comes again, and counts once.
        let event = app.payments.events().into_iter().rfind(|event| event.kind.ends_with("failed")).unwrap();
        assert_eq!(app.send(app.tells(&event)).await.status, 204);
        assert_eq!(app.send(another).await.status, 201);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn who_tries_again_before_anybody_has_heard_of_the_first_try_has_paid() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, intent) = refused(&app, &tenant, &patient).await;
        let failed = app.payments.events().pop().unwrap();
        assert!(app.payments.settle(&intent, true));
        assert_eq!(app.send(app.tells(&failed)).await.status, 204);
        assert_eq!(state(&app, &id).await[0], "pending");
        assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);
        assert_eq!(state(&app, &id).await[0], "succeeded");
        assert_money_agrees(&app).await;
    }
}

mod silence {
    use super::*;

    /// The state and the review of a payment.
    async fn review(app: &TestApp, id: &str) -> String {
        let sql =
            format!("SELECT status || ' ' || COALESCE(review, '') FROM billing.payments WHERE id = '{id}'");
        app.database.value(&sql).await
    }

    #[tokio::test]
    async fn what_the_provider_shows_no_more_is_a_persons_after_a_day_and_holds_up_no_card() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, _, _) = waiting(&app, &tenant, &patient, ASKS, "1").await;
        for (age, expected) in [
            (SignedDuration::from_mins(23 * 60 - 1), "pending "),
            (SignedDuration::from_mins(1), "pending too_old"),
        ] {
            app.clock.advance(age);
            app.payments.fail_next(Fault::Refuse403);
            assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);
            assert_eq!(review(&app, &id).await, expected);
        }
        let now = app.clock.now();
        let owner = app.signer.issue(&tenant.principal(Role::Owner), SystemIds.new_id(now), now).unwrap();
        let another = pay(&tenant, &card(&patient, "pm_card_visa"), "2").token(&owner);
        assert_eq!(app.send(another).await.status, 201);
    }

    #[tokio::test]
    async fn a_request_that_is_answered_by_nothing_for_an_hour_is_a_persons() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let asked = app.send(pay(&tenant, &card(&patient, "pm_sandbox_serverError"), "1")).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        let id = payment_of(&app, &patient).await;
        for (minutes, expected) in [(59, "pending "), (61, "pending too_old")] {
            app.clock.advance(SignedDuration::from_mins(minutes));
            assert_eq!(app.work("sweep-payments", None).await.unwrap(), 1);
            assert_eq!(review(&app, &id).await, expected, "{minutes}");
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_pix_is_paid_in_reais_and_asked_for_by_its_name_alone() {
        let (app, tenant) = app().await;
        let european = Tenant::create(&app.database, &app.signer, "EUR", app.clock.now()).await;
        let abroad = patient(&app, &european).await;
        let mut body = card(&abroad, "pix");
        body["currency"] = json!("EUR");
        let refused = app.send(pay(&european, &body, "1")).await;
        assert_eq!(refused.refusal(), (422, "CURRENCY_NOT_CHARGEABLE"));
        let patient = patient(&app, &tenant).await;
        for other in ["PIX", "pi x", "pixx", "boleto"] {
            let refused = app.send(pay(&tenant, &card(&patient, other), "2")).await;
            assert_eq!(refused.status, 400, "{other}: {}", refused.text);
        }
        assert_eq!(app.payments.requests().len(), 0);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.payments").await, "0");
    }

    #[tokio::test]
    async fn it_waits_to_the_second() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (id, _, asked) = waiting(&app, &tenant, &patient, ASKS, "1").await;
        let until = expires_at(&asked);
        // The sweeper looks when it is due; here, just before and at the instant.
        for (early, expected) in [(1, "pending"), (0, "failed")] {
            app.database.run("UPDATE billing.payments SET due_at = created_at").await;
            let now = until - SignedDuration::from_secs(early);
            app.clock.advance(now.duration_since(app.clock.now()));
            app.work("sweep-payments", None).await.unwrap();
            assert_eq!(state(&app, &id).await[0], expected, "{early}");
        }
    }
}
