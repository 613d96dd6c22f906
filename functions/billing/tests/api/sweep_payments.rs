use super::{app, assert_money_agrees, balance, card, lost, paid, patient, pay, refund};
use jiff::SignedDuration;
use payment_sandbox::Fault;
use serde_json::json;
use std::sync::Arc;
use testkit::{Tenant, TestApp};

async fn sweep(app: &TestApp) -> usize {
    app.work("sweep-payments", None).await.unwrap()
}

/// State and reason, as the database has them: a token does not live as long as these tests.
async fn status(app: &TestApp, id: &str) -> (String, String) {
    let sql =
        format!("SELECT status, COALESCE(failure_code, review, '') FROM billing.payments WHERE id = '{id}'");
    let row = app.database.rows(&sql).await.remove(0);
    (row[0].clone(), row[1].clone())
}

/// The same, of words.
fn state(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn what_was_taken_is_booked_and_what_was_not_is_never_charged() {
    let (app, tenant) = app().await;
    let (first, second) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
    let taken = lost(&app, &tenant, &first, "pm_sandbox_lost", "1").await;
    let never = lost(&app, &tenant, &second, "pm_sandbox_lostBefore", "2").await;
    assert_eq!(sweep(&app).await, 0, "not due yet");
    app.clock.advance(SignedDuration::from_secs(60));

    assert_eq!(sweep(&app).await, 2);

    assert_eq!(status(&app, &taken).await, state("succeeded", ""));
    assert_eq!(status(&app, &never).await, state("failed", "NOT_CHARGED"));
    assert_eq!(app.payments.charged(&never).len(), 0);
    let empty =
        app.payments.intents().into_iter().find(|intent| intent.payment_id.as_deref() == Some(&never));
    assert_eq!(empty.unwrap().status, "canceled");
    assert_eq!(balance(&app, &tenant, &first).await.data()["balanceMinor"], 15_000);
    // Whoever repeats has the final answers.
    let repeated = app.send(pay(&tenant, &card(&first, "pm_sandbox_lost"), "1")).await;
    assert_eq!((repeated.status, &repeated.data()["paymentId"]), (201, &json!(taken)));
    let repeated = app.send(pay(&tenant, &card(&second, "pm_sandbox_lostBefore"), "2")).await;
    assert_eq!(repeated.refusal(), (409, "PAYMENT_NOT_CHARGED"));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_decline_that_was_lost_is_found() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    app.payments.fail_next(Fault::Lost);
    let id = lost(&app, &tenant, &patient, "pm_card_chargeDeclined", "1").await;
    app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(sweep(&app).await, 1);
    assert_eq!(status(&app, &id).await, state("failed", "CARD_DECLINED"));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_is_under_way_at_the_provider_is_read_until_it_ends() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_processing", "1").await;
    app.clock.advance(SignedDuration::from_secs(60));
    sweep(&app).await;
    assert_eq!(status(&app, &id).await.0, "pending");
    let intent = app.payments.intents().remove(0).id;
    app.payments.settle(&intent, true);
    app.clock.advance(SignedDuration::from_mins(2));
    sweep(&app).await;
    assert_eq!(status(&app, &id).await.0, "succeeded");
    assert!(app.payments.requests()[1..].iter().all(|request| request.method == "GET"));
    assert_money_agrees(&app).await;
}

/// State and reason of the refund, likewise.
async fn refund_status(app: &TestApp, id: &str) -> (String, String) {
    let sql = format!("SELECT status, COALESCE(failure_code, '') FROM billing.refunds WHERE id = '{id}'");
    let row = app.database.rows(&sql).await.remove(0);
    (row[0].clone(), row[1].clone())
}

/// A refund of all of a payment by that card, of which nobody knows what became.
async fn unknown_refund(app: &TestApp, tenant: &Tenant, method: &str, fault: Fault, key: &str) -> String {
    let patient = patient(app, tenant).await;
    let payment = paid(app, tenant, &patient, method).await;
    app.payments.fail_next(fault);
    let answer = app.send(refund(tenant, &payment, &json!({}), key)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.data()["refundId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refund_is_decided_and_carried_out_once() {
    let (app, tenant) = app().await;
    let done = unknown_refund(&app, &tenant, "pm_card_visa", Fault::Lost, "1").await;
    let never = unknown_refund(&app, &tenant, "pm_card_visa", Fault::LostBefore, "2").await;
    assert_eq!(sweep(&app).await, 0, "not due yet");
    app.clock.advance(SignedDuration::from_secs(60));

    assert_eq!(sweep(&app).await, 2);

    for id in [&done, &never] {
        assert_eq!(refund_status(&app, id).await, state("succeeded", ""));
    }
    assert_eq!(app.payments.refunds().len(), 2);
    assert_eq!(sweep(&app).await, 0);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_refund_that_is_under_way_is_read_until_it_ends() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let payment = paid(&app, &tenant, &patient, "pm_card_pendingRefund").await;
    let pending = app.send(refund(&tenant, &payment, &json!({}), "1")).await;
    let id = pending.data()["refundId"].as_str().unwrap();
    app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(sweep(&app).await, 1);
    assert_eq!(refund_status(&app, id).await, state("pending", ""));
    assert!(app.payments.end_refund(&app.payments.refunds()[0].id, true));
    app.clock.advance(SignedDuration::from_mins(2));
    sweep(&app).await;
    assert_eq!(refund_status(&app, id).await, state("succeeded", ""));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn after_a_day_a_refund_is_looked_for_and_not_asked_for_again() {
    let (app, tenant) = app().await;
    let done = unknown_refund(&app, &tenant, "pm_card_visa", Fault::Lost, "1").await;
    let never = unknown_refund(&app, &tenant, "pm_card_visa", Fault::LostBefore, "2").await;
    app.clock.advance(SignedDuration::from_hours(23));
    let before = app.payments.requests().len();

    assert_eq!(sweep(&app).await, 2);

    assert!(app.payments.requests()[before..].iter().all(|request| request.method == "GET"));
    assert_eq!(refund_status(&app, &done).await, state("succeeded", ""));
    assert_eq!(refund_status(&app, &never).await, state("failed", "NOT_REFUNDED"));
    assert_eq!(app.payments.refunds().len(), 1);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_provider_that_keeps_failing_at_a_refund_is_asked_for_its_list() {
    let (app, tenant) = app().await;
    let id = unknown_refund(&app, &tenant, "pm_card_visa", Fault::Error500, "1").await;
    app.clock.advance(SignedDuration::from_mins(59));
    sweep(&app).await;
    assert_eq!(refund_status(&app, &id).await, state("pending", ""));
    app.clock.advance(SignedDuration::from_mins(2));
    sweep(&app).await;
    assert_eq!(refund_status(&app, &id).await, state("failed", "NOT_REFUNDED"));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn old_events_of_the_provider_are_deleted() {
    let (app, tenant) = app().await;
    for (event, days) in [("evt_old", 61), ("evt_young", 59)] {
        let sql = format!(
            "INSERT INTO billing.provider_events (clinic_id, event_id, kind, created_at)
             VALUES ('{}', '{event}', 'payment_intent.succeeded', now() - interval '{days} days') RETURNING 1",
            tenant.clinic
        );
        app.database.value(&sql).await;
    }
    sweep(&app).await;
    assert_eq!(app.database.value("SELECT event_id FROM billing.provider_events").await, "evt_young");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn four_sweepers_share_the_work_and_write_each_outcome_once() {
        let (app, tenant) = app().await;
        for number in 0..6 {
            let patient = patient(&app, &tenant).await;
            let method = if number % 2 == 0 { "pm_sandbox_lost" } else { "pm_sandbox_lostBefore" };
            app.send(pay(&tenant, &card(&patient, method), &number.to_string())).await;
            // Five failures in a row would open the breaker.
            app.send(pay(
                &tenant,
                &card(&super::super::patient(&app, &tenant).await, "pm_card_visa"),
                &format!("v{number}"),
            ))
            .await;
        }
        app.clock.advance(SignedDuration::from_secs(60));

        let sweepers: Vec<_> = (0..4)
            .map(|_| {
                let app = Arc::clone(&app);
                tokio::spawn(async move { sweep(&app).await })
            })
            .collect();
        for sweeper in sweepers {
            sweeper.await.unwrap();
        }

        let left = "SELECT count(*) FROM billing.payments WHERE status = 'pending'";
        assert_eq!(app.database.value(left).await, "0");
        assert_eq!(app.database.value("SELECT max(attempts) FROM billing.payments").await, "1");
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_request_that_arrives_after_the_fence_charges_nothing() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lostBefore", "1").await;
        app.clock.advance(SignedDuration::from_secs(60));
        sweep(&app).await;
        // The very request of the payment, as the wire held it back.
        let sql = format!(
            "UPDATE billing.payments SET status = 'pending', failure_code = NULL, card_token = 'pm_card_visa',
                    due_at = now() - interval '1 hour', created_at = now() - interval '1 hour'
              WHERE id = '{id}'"
        );
        let backward =
            app.database.run_as("postgres", &format!("SET session_replication_role = replica; {sql}")).await;
        backward.unwrap();
        let late = app.send(pay(&tenant, &card(&patient, "pm_sandbox_lostBefore"), "1")).await;
        assert_eq!((late.status, &late.data()["status"]), (202, &json!("pending")));
        assert_eq!(app.payments.charged(&id).len(), 0);
    }

    #[tokio::test]
    async fn after_23_hours_nothing_is_sent_and_a_person_must_look() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        let asked = app.payments.requests().len();
        app.clock.advance(SignedDuration::from_hours(23));
        sweep(&app).await;
        assert_eq!(status(&app, &id).await, state("pending", "too_old"));
        assert_eq!(app.payments.requests().len(), asked);
        app.clock.advance(SignedDuration::from_hours(23));
        assert_eq!(sweep(&app).await, 0, "it is a person's now");
    }

    #[tokio::test]
    async fn a_moment_before_23_hours_it_is_still_found_out() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.clock.advance(SignedDuration::from_hours(23) - SignedDuration::from_secs(1));
        sweep(&app).await;
        assert_eq!(status(&app, &id).await.0, "succeeded");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn the_sweepers_own_role_sees_what_is_due_and_nothing_else() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.send(pay(&tenant, &card(&super::super::patient(&app, &tenant).await, "pm_card_visa"), "2")).await;
        let sees = app
            .database
            .run_as("payment_sweeper", "SELECT 1 / (count(*) = 1)::int FROM billing.payments")
            .await;
        assert!(sees.is_ok(), "{sees:?}");
        for refused in [
            "SELECT card_token FROM billing.payments",
            "SELECT payer FROM billing.payments",
            "SELECT * FROM billing.transfers",
            "UPDATE billing.payments SET due_at = NULL",
        ] {
            assert_eq!(
                app.database.run_as("payment_sweeper", refused).await,
                Err("42501".to_owned()),
                "{refused}"
            );
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_the_provider_cannot_tell_is_asked_again_later_and_later() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lostBefore", "1").await;
        app.clock.advance(SignedDuration::from_secs(60));
        for (attempt, minutes) in [(1, 1), (2, 2), (3, 5), (4, 15), (5, 60), (6, 60)] {
            app.payments.fail_next(Fault::InUse);
            sweep(&app).await;
            let due = format!(
                "SELECT attempts, extract(epoch FROM due_at - updated_at)::int / 60 FROM billing.payments WHERE id = '{id}'"
            );
            assert_eq!(app.database.rows(&due).await, [[attempt.to_string(), minutes.to_string()]]);
            app.clock.advance(SignedDuration::from_mins(minutes));
        }
        sweep(&app).await;
        assert_eq!(status(&app, &id).await, state("failed", "NOT_CHARGED"));
    }
}
