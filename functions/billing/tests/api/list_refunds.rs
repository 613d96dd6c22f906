use super::{app, deliver, intent_of, paid, patient, refund};
use serde_json::json;
use testkit::{Tenant, TestRequest};

fn list(tenant: &Tenant, payment: &str) -> TestRequest {
    TestRequest::get(&format!("/api/v1/payments/{payment}/refunds")).token(tenant.owner())
}

#[tokio::test]
async fn all_refunds_of_a_payment_are_listed_newest_first() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let payment = paid(&app, &tenant, &patient, "pm_card_visa").await;
    assert_eq!(app.send(list(&tenant, &payment)).await.data(), &json!([]));
    app.send(refund(&tenant, &payment, &json!({ "amountMinor": 1_000 }), "1")).await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    app.payments.refund_elsewhere(&intent_of(&app, &payment), 2_000).unwrap();
    deliver(&app).await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    app.payments.end_refund(&app.payments.refunds()[0].id, false);
    deliver(&app).await;

    let listed = app.send(list(&tenant, &payment)).await;

    let of = |member: &str| -> Vec<_> {
        listed.data().as_array().unwrap().iter().map(|refund| refund[member].clone()).collect()
    };
    assert_eq!(of("amountMinor"), [json!(2_000), json!(1_000)]);
    assert_eq!(of("madeElsewhere"), [json!(true), json!(false)]);
    assert_eq!(of("status"), [json!("succeeded"), json!("failed")]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn no_list_has_more_than_was_taken() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let payment = paid(&app, &tenant, &patient, "pm_card_visa").await;
        let part = json!({ "amountMinor": 4_000 });
        let mut requests: Vec<_> =
            (0..8).map(|key| refund(&tenant, &payment, &part, &key.to_string())).collect();
        requests.extend(vec![list(&tenant, &payment); 8]);
        for answer in app.send_at_once(requests).await.iter().filter(|answer| answer.status == 200) {
            assert!(answer.data().as_array().unwrap().len() <= 3, "{}", answer.text);
        }
        assert_eq!(app.send(list(&tenant, &payment)).await.data().as_array().unwrap().len(), 3);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_payments_refunds_are_not_among_them() {
        let (app, tenant) = app().await;
        let (first, second) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
        let payment = paid(&app, &tenant, &first, "pm_card_visa").await;
        let other = paid(&app, &tenant, &second, "pm_card_visa").await;
        app.send(refund(&tenant, &payment, &json!({}), "1")).await;
        assert_eq!(app.send(list(&tenant, &other)).await.data(), &json!([]));
        assert_eq!(app.send(list(&app.tenant().await, &payment)).await.refusal(), (404, "PAYMENT_NOT_FOUND"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_payment_that_is_not_there_has_no_list() {
        let (app, tenant) = app().await;
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(app.send(list(&tenant, unknown)).await.refusal(), (404, "PAYMENT_NOT_FOUND"));
        assert_eq!(app.send(list(&tenant, "1")).await.refusal(), (400, "INVALID_UUID"));
    }
}
