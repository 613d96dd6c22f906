use super::{app, assert_money_agrees, balance, card, lost, patient, pay, payment};
use jiff::SignedDuration;
use payment_sandbox::Fault;
use serde_json::json;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

fn request(tenant: &Tenant, id: &str) -> TestRequest {
    TestRequest::new("POST", &format!("/api/v1/payments/{id}/cancel")).token(tenant.owner())
}

async fn cancel(app: &TestApp, tenant: &Tenant, id: &str) -> TestResponse {
    app.send(request(tenant, id)).await
}

#[tokio::test]
async fn what_never_arrived_is_given_up_and_never_charged_afterwards() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lostBefore", "1").await;

    let cancelled = cancel(&app, &tenant, &id).await;

    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(
        (&cancelled.data()["status"], &cancelled.data()["failureCode"]),
        (&json!("failed"), &json!("NOT_CHARGED"))
    );
    // The key is used up at the provider: the same request, sent again, is another one now.
    app.clock.advance(SignedDuration::from_secs(10));
    let again = app.send(pay(&tenant, &card(&patient, "pm_sandbox_lostBefore"), "1")).await;
    assert_eq!(again.refusal(), (409, "PAYMENT_NOT_CHARGED"));
    assert_eq!(app.payments.charged(&id).len(), 0);
    let audited = format!(
        "SELECT count(*) FROM kernel.audit_log WHERE subject_id = '{id}' AND action = 'payment.cancellation_asked'"
    );
    assert_eq!(app.database.value(&audited).await, "1");
    // A new key pays.
    assert_eq!(app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "2")).await.status, 201);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_was_taken_cannot_be_cancelled_and_is_booked() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
    assert_eq!(cancel(&app, &tenant, &id).await.refusal(), (409, "PAYMENT_SUCCEEDED"));
    assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
    assert_eq!(cancel(&app, &tenant, &id).await.refusal(), (409, "PAYMENT_SUCCEEDED"));
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_nobody_can_find_out_is_202_and_asked_again() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lostBefore", "1").await;
    app.payments.fail_next(Fault::Lost);
    let waiting = cancel(&app, &tenant, &id).await;
    assert_eq!((waiting.status, &waiting.data()["status"]), (202, &json!("pending")), "{}", waiting.text);
    assert_eq!(waiting.header("location"), Some(format!("/api/v1/payments/{id}").as_str()));
    let cancelled = cancel(&app, &tenant, &id).await;
    assert_eq!((cancelled.status, &cancelled.data()["status"]), (200, &json!("failed")));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn cancelled_ten_times_while_the_request_is_under_way_it_ends_in_one_way() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let slow = pay(&tenant, &card(&patient, "pm_sandbox_webhookFirst"), "1");
        let paying = tokio::spawn({
            let app = std::sync::Arc::clone(&app);
            async move { app.send(slow).await }
        });
        while app.payments.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        let id = super::super::payment_of(&app, &patient).await;

        let answers = app.send_at_once(vec![request(&tenant, &id); 10]).await;
        let paid = paying.await.unwrap();

        assert_eq!(paid.status, 201, "{}", paid.text);
        // Its key is in use at the provider as long as it is under way: nobody can say yet.
        assert!(answers.iter().all(|answer| [202, 409].contains(&answer.status)));
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn ten_cancellations_at_once_give_it_up_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lostBefore", "1").await;
        let answers = app.send_at_once(vec![request(&tenant, &id); 10]).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let failed = "SELECT count(*) FROM kernel.outbox WHERE kind = 'payment.failed'";
        assert_eq!(app.database.value(failed).await, "1");
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_payment_is_not_found_and_stays() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let id = lost(&app, &other, &patient, "pm_sandbox_lostBefore", "1").await;
        assert_eq!(cancel(&app, &tenant, &id).await.refusal(), (404, "PAYMENT_NOT_FOUND"));
        assert_eq!(payment(&app, &other, &id).await.data()["status"], "pending");
        assert_eq!(app.payments.requests().len(), 1);
    }

    #[tokio::test]
    async fn one_in_review_is_for_a_person() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_wrongAmount", "1").await;
        assert_eq!(cancel(&app, &tenant, &id).await.refusal(), (409, "PAYMENT_IN_REVIEW"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_failed_payment_is_answered_as_it_is() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.send(pay(&tenant, &card(&patient, "pm_card_chargeDeclined"), "1")).await;
        let id = super::super::payment_of(&app, &patient).await;
        let answer = cancel(&app, &tenant, &id).await;
        assert_eq!((answer.status, &answer.data()["failureCode"]), (200, &json!("CARD_DECLINED")));
        assert_eq!(app.payments.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        assert_eq!(cancel(&app, &tenant, "7").await.refusal(), (400, "INVALID_UUID"));
    }
}
