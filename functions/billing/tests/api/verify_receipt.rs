use super::{app, pay, receipt, taken_back};
use crate::money::patient;
use serde_json::{Value, json};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn verify(app: &TestApp, code: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/receipts/verify/{code}"))).await
}

/// A receipt as its clinic reads it.
async fn issued(app: &TestApp, tenant: &Tenant) -> Value {
    let body = json!({
        "patientId": patient(app, tenant).await, "amountMinor": 15_000, "currency": "BRL", "paymentMethod": "pm_card_visa",
        "description": "Fonoaudiologia", "payer": { "name": "Beatriz Lima", "document": "529.982.247-25" },
    });
    let paid = app.send(pay(tenant, &body, "k")).await;
    receipt(app, tenant, paid.data()["receiptId"].as_str().unwrap()).await.data().clone()
}

#[tokio::test]
async fn whoever_has_the_paper_sees_what_it_says_and_no_person() {
    let (app, tenant) = app().await;
    let issued = issued(&app, &tenant).await;

    let answer = verify(&app, issued["code"].as_str().unwrap()).await;

    let expected = json!({
        "number": 1, "clinicName": format!("Clinic {}", tenant.clinic), "kind": "received", "amountMinor": 15_000,
        "currency": "BRL", "issuedOn": issued["issuedOn"], "status": "valid",
    });
    assert_eq!((answer.status, answer.data()), (200, &expected), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn many_at_once_see_the_same() {
        let (app, tenant) = app().await;
        let issued = issued(&app, &tenant).await;
        let address = format!("/api/v1/receipts/verify/{}", issued["code"].as_str().unwrap());
        let answers = app.send_at_once((0..16).map(|_| TestRequest::get(&address)).collect()).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.text == answers[0].text));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_code_finds_its_own_receipt_and_no_others_bytes_with_another_clinic() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let (own, foreign) = (issued(&app, &tenant).await, issued(&app, &other).await);
        let parts = |receipt: &Value| {
            let code =
                data_encoding::BASE32_NOPAD.decode(receipt["code"].as_str().unwrap().as_bytes()).unwrap();
            let (clinic, random) = code.split_at(16);
            (clinic.to_vec(), random.to_vec())
        };
        let mixed = data_encoding::BASE32_NOPAD.encode(&[parts(&own).0, parts(&foreign).1].concat());
        assert_eq!(verify(&app, &mixed).await.refusal(), (404, "RECEIPT_NOT_FOUND"));
        let read = verify(&app, foreign["code"].as_str().unwrap()).await;
        assert_eq!(read.data()["clinicName"], format!("Clinic {}", other.clinic));
    }

    #[tokio::test]
    async fn money_that_was_taken_back_is_told() {
        let (app, tenant) = app().await;
        let (_, after) = taken_back(&app, &tenant).await;
        let answer = verify(&app, after["code"].as_str().unwrap()).await;
        assert_eq!(answer.data()["status"], "returned");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_is_no_code_is_answered_as_a_code_of_nothing() {
        let (app, tenant) = app().await;
        let code = issued(&app, &tenant).await["code"].as_str().unwrap().to_owned();
        assert_eq!(verify(&app, &code.to_lowercase()).await.status, 200, "as people type it");
        let nothing = "A".repeat(52);
        let expected = verify(&app, &nothing).await;
        assert_eq!(expected.refusal(), (404, "RECEIPT_NOT_FOUND"));
        let swapped: String = code.chars().rev().collect();
        for wrong in ["1", "A", &code[1..], &format!("{code}A"), &swapped, "%3Cscript%3E", &"9".repeat(300)] {
            let refused = verify(&app, wrong).await;
            assert_eq!(refused.refusal(), (404, "RECEIPT_NOT_FOUND"), "{wrong}");
            assert_eq!(refused.json["detail"], expected.json["detail"], "{wrong}");
        }
    }
}
