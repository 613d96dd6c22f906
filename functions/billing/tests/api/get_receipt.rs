use super::{app, card, pay, receipt, taken_back};
use crate::money::patient;
use serde_json::{Value, json};
use shared::access::Role;
use testkit::TestRequest;

#[tokio::test]
async fn the_receipt_of_a_payment_says_what_was_taken() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "k")).await;
    let paid = paid.data();

    let answer = receipt(&app, &tenant, paid["receiptId"].as_str().unwrap()).await;

    let data = answer.data();
    for (field, expected) in [
        ("id", &paid["receiptId"]),
        ("number", &paid["receiptNumber"]),
        ("transactionId", &paid["transactionId"]),
        ("patientId", &json!(patient)),
        ("amountMinor", &json!(15_000)),
        ("currency", &json!("BRL")),
        ("kind", &json!("received")),
        ("status", &json!("valid")),
    ] {
        assert_eq!(&data[field], expected, "{field}");
    }
    let sql = "SELECT issued_on, encode(uuid_send(clinic_id) || code, 'hex') FROM billing.receipts";
    let [row] = app.database.rows(sql).await.try_into().unwrap();
    let code = data["code"].as_str().unwrap();
    let bytes = data_encoding::BASE32_NOPAD.decode(code.as_bytes()).unwrap();
    assert_eq!([data["issuedOn"].as_str().unwrap(), &data_encoding::HEXLOWER.encode(&bytes)], [&row[0], &row[1]]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn who_may_not_read_receipts_is_told_so() {
    let (app, tenant) = app().await;
    let asked = TestRequest::get("/api/v1/receipts/01890a5d-ac96-774b-bcce-b302099a8057");
    let refused = app.send(asked.token(tenant.token(Role::Clinician))).await;
    assert_eq!(refused.refusal(), (403, "PERMISSION_DENIED"));
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn one_whose_money_was_taken_back_says_so_and_keeps_everything_else() {
        let (app, tenant) = app().await;
        let (before, after) = taken_back(&app, &tenant).await;
        assert_eq!((&before["status"], &after["status"]), (&json!("valid"), &json!("returned")));
        let mut same = after.clone();
        same["status"] = Value::from("valid");
        assert_eq!(same, before);
    }

    #[tokio::test]
    async fn another_clinics_and_unknown_receipts_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let paid = app.send(pay(&other, &card(&patient, "pm_card_visa"), "k")).await;
        let foreign = paid.data()["receiptId"].as_str().unwrap();
        for id in [foreign, "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(receipt(&app, &tenant, id).await.refusal(), (404, "RECEIPT_NOT_FOUND"));
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        let refused = receipt(&app, &tenant, "x").await;
        assert_eq!(
            (refused.refusal(), refused.details()),
            ((400, "INVALID_UUID"), vec![("/id", "INVALID_UUID")])
        );
    }
}
