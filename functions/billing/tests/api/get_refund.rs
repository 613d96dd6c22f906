use super::{app, paid, patient, refund};
use serde_json::{Value, json};
use testkit::{Tenant, TestRequest};

fn read(tenant: &Tenant, payment: &str, id: &str) -> TestRequest {
    TestRequest::get(&format!("/api/v1/payments/{payment}/refunds/{id}")).token(tenant.owner())
}

#[tokio::test]
async fn a_refund_is_read_with_all_that_became_of_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let payment = paid(&app, &tenant, &patient, "pm_card_visa").await;
    let asked = json!({ "amountMinor": 5_000, "reason": "One session less" });
    let given = app.send(refund(&tenant, &payment, &asked, "1")).await;

    let shown = app.send(read(&tenant, &payment, given.data()["id"].as_str().unwrap())).await;

    assert_eq!(shown.status, 200, "{}", shown.text);
    for (member, value) in [
        ("refundId", given.data()["id"].clone()),
        ("paymentId", json!(payment)),
        ("patientId", json!(patient)),
        ("status", json!("succeeded")),
        ("amountMinor", json!(5_000)),
        ("currency", json!("BRL")),
        ("reason", json!("One session less")),
        ("madeElsewhere", json!(false)),
        ("failureCode", Value::Null),
        ("transactionId", given.data()["transactionId"].clone()),
        ("returnedTransactionId", Value::Null),
        ("receiptId", given.data()["receiptId"].clone()),
        ("providerRefundId", json!(app.payments.refunds()[0].id)),
        ("version", json!(2)),
    ] {
        assert_eq!(shown.data()[member], value, "{member}");
    }
    assert_eq!(shown.header("etag"), Some("\"2\""));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn whoever_reads_while_it_is_settled_sees_all_of_it_or_nothing() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let payment = paid(&app, &tenant, &patient, "pm_card_pendingRefund").await;
        let pending = app.send(refund(&tenant, &payment, &json!({}), "1")).await;
        let id = pending.data()["id"].as_str().unwrap();
        assert!(app.payments.end_refund(&app.payments.refunds()[0].id, true));
        let event = app.payments.events().pop().unwrap();
        let mut requests = vec![read(&tenant, &payment, id); 12];
        requests.insert(6, app.tells(&event));
        for answer in app.send_at_once(requests).await.into_iter().filter(|answer| answer.status == 200) {
            let data = answer.data();
            let is_settled = data["status"] == "succeeded";
            for member in ["transactionId", "receiptId"] {
                assert_eq!(data[member].is_string(), is_settled, "{member}: {}", answer.text);
            }
        }
        assert_eq!(app.send(read(&tenant, &payment, id)).await.data()["status"], "succeeded");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_payments_and_another_clinics_refund_is_none() {
        let (app, tenant) = app().await;
        let (first, second) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
        let payment = paid(&app, &tenant, &first, "pm_card_visa").await;
        let other = paid(&app, &tenant, &second, "pm_card_visa").await;
        let given = app.send(refund(&tenant, &payment, &json!({}), "1")).await;
        let id = given.data()["id"].as_str().unwrap();
        let none = (404, "REFUND_NOT_FOUND");
        assert_eq!(app.send(read(&tenant, &other, id)).await.refusal(), none);
        assert_eq!(app.send(read(&app.tenant().await, &payment, id)).await.refusal(), none);
        assert_eq!(app.send(read(&tenant, &payment, id)).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn both_ids_are_ids() {
        let (app, tenant) = app().await;
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (payment, refund) in [("1", id), (id, "1")] {
            let refused = app.send(read(&tenant, payment, refund)).await;
            assert_eq!(refused.refusal(), (400, "INVALID_UUID"), "{}", refused.text);
        }
        assert_eq!(app.send(read(&tenant, id, id)).await.refusal(), (404, "REFUND_NOT_FOUND"));
    }
}
