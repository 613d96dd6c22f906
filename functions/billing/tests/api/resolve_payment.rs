use super::{app, balance, card, lost, patient, pay, payment};
use serde_json::{Value, json};
use shared::access::Role;
use testkit::{Tenant, TestApp, TestRequest};

fn resolve(tenant: &Tenant, id: &str, body: &Value, key: &str) -> TestRequest {
    TestRequest::post(&format!("/api/v1/payments/{id}/resolution"), body).token(tenant.owner()).key(key)
}

/// A payment whose amount at the provider is another one.
async fn in_review(app: &TestApp, tenant: &Tenant, patient: &str) -> String {
    lost(app, tenant, patient, "pm_sandbox_wrongAmount", &format!("of {patient}")).await
}

#[tokio::test]
async fn one_that_was_charged_is_booked_and_one_that_was_not_fails() {
    let (app, tenant) = app().await;
    for (charged, status, minor) in [(true, "succeeded", 15_000), (false, "failed", 0)] {
        let patient = patient(&app, &tenant).await;
        let id = in_review(&app, &tenant, &patient).await;
        let request = resolve(&tenant, &id, &json!({ "charged": charged }), status);

        let resolved = app.send(request.clone()).await;
        let again = app.send(request).await;

        assert_eq!((resolved.status, &resolved.data()["status"]), (200, &json!(status)), "{}", resolved.text);
        assert_eq!(
            (&again.json["data"], again.header("idempotency-replayed")),
            (&resolved.json["data"], Some("true"))
        );
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], minor);
        let audited = format!(
            "SELECT count(*) FROM kernel.audit_log WHERE subject_id = '{id}' AND action = 'payment.resolved'"
        );
        assert_eq!(app.database.value(&audited).await, "1");
        super::assert_books_balance(&app).await;
    }
}

#[tokio::test]
async fn the_front_desk_may_not_say_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = in_review(&app, &tenant, &patient).await;
    for role in [Role::FrontDesk, Role::Clinician] {
        let request = resolve(&tenant, &id, &json!({ "charged": true }), "1").token(tenant.token(role));
        assert_eq!(app.send(request).await.refusal(), (403, "PERMISSION_DENIED"), "{role:?}");
    }
}

#[tokio::test]
async fn the_id_that_the_provider_has_named_stays() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = in_review(&app, &tenant, &patient).await;
    let intent = payment(&app, &tenant, &id).await.data()["providerPaymentId"].as_str().unwrap().to_owned();
    assert_eq!(intent, app.payments.intents().remove(0).id);
    for charged in [true, false] {
        let other = json!({ "charged": charged, "providerPaymentId": "pi_another" });
        let refused = app.send(resolve(&tenant, &id, &other, "1")).await;
        assert_eq!(refused.refusal(), (422, "PROVIDER_PAYMENT_DIFFERS"));
    }
    let same = json!({ "charged": true, "providerPaymentId": intent });
    let resolved = app.send(resolve(&tenant, &id, &same, "2")).await;
    assert_eq!((resolved.status, &resolved.data()["providerPaymentId"]), (200, &json!(intent)));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn two_who_say_it_differently_are_one_and_a_refusal() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = in_review(&app, &tenant, &patient).await;
        let requests: Vec<_> = (0..10)
            .map(|number| resolve(&tenant, &id, &json!({ "charged": number % 2 == 0 }), &number.to_string()))
            .collect();

        let answers = app.send_at_once(requests).await;

        let resolved: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(resolved.len(), 1);
        let refused = answers.iter().filter(|answer| answer.status != 200);
        assert!(refused.into_iter().all(|answer| answer.refusal() == (409, "PAYMENT_NOT_IN_REVIEW")));
        let status = payment(&app, &tenant, &id).await.data()["status"].clone();
        assert_eq!(status, resolved[0].data()["status"]);
        let expected = if status == "succeeded" { 15_000 } else { 0 };
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], expected);
        super::super::assert_books_balance(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_payment_is_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let id = in_review(&app, &other, &patient).await;
        let refused = app.send(resolve(&tenant, &id, &json!({ "charged": true }), "1")).await;
        assert_eq!(refused.refusal(), (404, "PAYMENT_NOT_FOUND"));
        assert_eq!(payment(&app, &other, &id).await.data()["status"], "pending");
    }

    #[tokio::test]
    async fn what_is_known_or_will_be_found_out_is_nobodys_to_say() {
        let (app, tenant) = app().await;
        let first = patient(&app, &tenant).await;
        let pending = lost(&app, &tenant, &first, "pm_sandbox_lost", "1").await;
        let second = patient(&app, &tenant).await;
        let paid = app.send(pay(&tenant, &card(&second, "pm_card_visa"), "2")).await;
        for id in [pending.as_str(), paid.data()["paymentId"].as_str().unwrap()] {
            let refused = app.send(resolve(&tenant, id, &json!({ "charged": false }), id)).await;
            assert_eq!(refused.refusal(), (409, "PAYMENT_NOT_IN_REVIEW"));
        }
    }

    #[tokio::test]
    async fn the_providers_id_is_needed_once_and_is_no_other_payments() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = in_review(&app, &tenant, &patient).await;
        let known = app.payments.intents().remove(0).id;
        let sql =
            format!("UPDATE billing.payments SET provider_payment_id = NULL WHERE id = '{id}' RETURNING 1");
        app.database.value(&sql).await;
        let without = app.send(resolve(&tenant, &id, &json!({ "charged": true }), "1")).await;
        assert_eq!(without.refusal(), (422, "PROVIDER_PAYMENT_REQUIRED"));
        let other = super::super::patient(&app, &tenant).await;
        let paid = app.send(pay(&tenant, &card(&other, "pm_card_visa"), "2")).await;
        assert_eq!(paid.status, 201);
        let others = app.payments.charged(paid.data()["paymentId"].as_str().unwrap()).remove(0).id;
        let body = json!({ "charged": true, "providerPaymentId": others });
        let taken = app.send(resolve(&tenant, &id, &body, "3")).await;
        assert_eq!(taken.refusal(), (422, "PROVIDER_PAYMENT_KNOWN"));
        let body = json!({ "charged": true, "providerPaymentId": known });
        assert_eq!(app.send(resolve(&tenant, &id, &body, "4")).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_id_of_another_form_is_told() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = in_review(&app, &tenant, &patient).await;
        let body = json!({ "charged": true, "providerPaymentId": "ch_123456" });
        assert_eq!(
            app.send(resolve(&tenant, &id, &body, "1")).await.refusal(),
            (400, "INVALID_PROVIDER_PAYMENT")
        );
        let without_key =
            TestRequest::post(&format!("/api/v1/payments/{id}/resolution"), &json!({ "charged": true }));
        assert_eq!(
            app.send(without_key.token(tenant.owner())).await.refusal(),
            (400, "IDEMPOTENCY_KEY_REQUIRED")
        );
    }
}
