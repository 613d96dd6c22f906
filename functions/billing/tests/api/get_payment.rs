use super::{app, assert_money_agrees, card, lost, patient, pay, payment};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::TestRequest;

#[tokio::test]
async fn a_payment_is_shown_with_what_became_of_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_processing", "1").await;
    let pending = payment(&app, &tenant, &id).await;
    assert_eq!(
        (&pending.data()["status"], &pending.data()["transactionId"]),
        (&json!("pending"), &Value::Null)
    );
    assert_eq!((&pending.data()["method"], &pending.data()["refundedMinor"]), (&json!("card"), &json!(0)));
    assert_eq!((&pending.data()["disputed"], &pending.data()["orderId"]), (&json!(false), &Value::Null));

    let intent = app.payments.intents().remove(0);
    assert!(app.payments.settle(&intent.id, true));
    let events = app.payments.events();
    app.send(app.tells(events.last().unwrap())).await;

    let shown = payment(&app, &tenant, &id).await;
    assert_eq!((&shown.data()["status"], &shown.data()["patientId"]), (&json!("succeeded"), &json!(patient)));
    let version = shown.data()["version"].as_i64().unwrap();
    assert_eq!(shown.header("etag"), Some(format!("\"{version}\"").as_str()));
    let address = format!("/api/v1/payments/{id}");
    let unchanged =
        TestRequest::get(&address).token(tenant.owner()).header("if-none-match", &format!("\"{version}\""));
    assert_eq!(app.send(unchanged).await.status, 304);
    assert_money_agrees(&app).await;
}

mod race {
    use super::*;

    #[tokio::test]
    async fn its_status_only_moves_forward_while_many_write_it() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.clock.advance(SignedDuration::from_secs(10));
        let event = app.payments.events().remove(0);
        let mut requests = Vec::new();
        for _ in 0..10 {
            requests.push(TestRequest::get(&format!("/api/v1/payments/{id}")).token(tenant.owner()));
            requests.push(app.tells(&event));
            requests.push(pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1"));
        }

        let answers = app.send_at_once(requests).await;

        for answer in answers.iter().step_by(3) {
            let (status, transaction) = (&answer.data()["status"], &answer.data()["transactionId"]);
            assert_eq!(*status == "succeeded", !transaction.is_null(), "{}", answer.text);
        }
        for backward in ["pending", "failed"] {
            let sql = format!(
                "UPDATE billing.payments SET status = '{backward}', transaction_id = NULL, settled_at = NULL,
                        failure_code = CASE '{backward}' WHEN 'failed' THEN 'NOT_CHARGED' END,
                        due_at = CASE '{backward}' WHEN 'pending' THEN now() END
                  WHERE id = '{id}'"
            );
            assert_eq!(app.database.run_as("postgres", &sql).await, Err("23514".to_owned()), "{backward}");
        }
        assert_eq!(payment(&app, &tenant, &id).await.data()["status"], "succeeded");
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_payment_is_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let paid = app.send(pay(&other, &card(&patient, "pm_card_visa"), "1")).await;
        let id = paid.data()["paymentId"].as_str().unwrap();
        assert_eq!(payment(&app, &tenant, id).await.refusal(), (404, "PAYMENT_NOT_FOUND"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        assert_eq!(payment(&app, &tenant, "7").await.refusal(), (400, "INVALID_UUID"));
    }
}
