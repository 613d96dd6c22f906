use super::{app, card, paper, pay, receipt, taken_back};
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
    assert_eq!(
        [data["issuedOn"].as_str().unwrap(), &data_encoding::HEXLOWER.encode(&bytes)],
        [&row[0], &row[1]]
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn who_may_not_read_receipts_is_told_so() {
    let (app, tenant) = app().await;
    let asked = TestRequest::get("/api/v1/receipts/01890a5d-ac96-774b-bcce-b302099a8057");
    let refused = app.send(asked.token(tenant.token(Role::Clinician))).await;
    assert_eq!(refused.refusal(), (403, "PERMISSION_DENIED"));
}

#[tokio::test]
async fn the_paper_is_there_at_once_and_its_reading_is_noted() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "k")).await;
    let id = paid.data()["receiptId"].as_str().unwrap();

    let (first, second) = (paper(&app, &tenant, id).await, paper(&app, &tenant, id).await);

    assert!(first.starts_with(b"%PDF-") && first == second, "the same bytes each time");
    assert_eq!(app.database.value("SELECT count(*) FROM billing.receipt_documents").await, "1");
    let noted = "SELECT string_agg(DISTINCT action || ' ' || about, ',') FROM kernel.audit_log
                  WHERE action = 'receipt.read'";
    assert_eq!(app.database.value(noted).await, format!("receipt.read {patient}"));
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
    async fn the_form_is_the_one_that_accept_prefers() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "k")).await;
        let address = format!("/api/v1/receipts/{}", paid.data()["receiptId"].as_str().unwrap());
        for (accept, media) in [
            ("application/pdf", "application/pdf"),
            ("application/pdf, application/json;q=0.9", "application/pdf"),
            ("application/json, application/pdf", "application/json"),
            ("*/*", "application/json"),
            ("application/*;q=0.2, application/json;q=0.1", "application/pdf"),
        ] {
            let asked = TestRequest::get(&address).token(tenant.owner()).header("accept", accept);
            let answer = app.send(asked).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(media)), "{accept}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{accept}");
            assert!(answer.header("vary").unwrap().contains("Accept"), "{accept}");
        }
        let image = TestRequest::get(&address).token(tenant.owner()).header("accept", "image/png");
        assert_eq!(app.send(image).await.refusal(), (406, "NOT_ACCEPTABLE"));
        let unknown = TestRequest::get("/api/v1/receipts/01890a5d-ac96-774b-bcce-b302099a8057");
        let unknown = unknown.token(tenant.owner()).header("accept", "application/pdf");
        assert_eq!(app.send(unknown).await.refusal(), (404, "RECEIPT_NOT_FOUND"));
    }

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
