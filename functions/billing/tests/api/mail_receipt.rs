use super::{app, card, pay};
use crate::money::patient;
use serde_json::{Value, json};
use shared::access::Role;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use testkit::{Tenant, TestApp, TestRequest};

/// A payment by somebody, and the id of its receipt.
async fn issued(app: &TestApp, tenant: &Tenant, payer: &Value) -> String {
    let mut body = card(&patient(app, tenant).await, "pm_card_visa");
    body["payer"] = payer.clone();
    let paid = app.send(pay(tenant, &body, "k")).await;
    paid.data()["receiptId"].as_str().unwrap().to_owned()
}

/// The request, with a key of its own for each body.
fn mail(tenant: &Tenant, receipt: &str, body: &Value) -> TestRequest {
    let request = TestRequest::post(&format!("/api/v1/receipts/{receipt}/email"), body);
    let mut key = DefaultHasher::new();
    body.to_string().hash(&mut key);
    request.token(tenant.owner()).key(&key.finish().to_string())
}

/// Whom the letter box has mails for.
async fn addresses(app: &TestApp) -> Vec<String> {
    app.database.rows("SELECT recipient_address FROM kernel.mails ORDER BY 1").await.concat()
}

#[tokio::test]
async fn it_goes_to_the_payer_or_to_whom_it_is_said() {
    let (app, tenant) = app().await;
    let receipt = issued(&app, &tenant, &json!({ "name": "Beatriz Lima", "email": "bia@example.com" })).await;

    let first = app.send(mail(&tenant, &receipt, &json!({}))).await;
    let second = app.send(mail(&tenant, &receipt, &json!({ "to": "leo@example.com" }))).await;

    assert_eq!((first.status, second.status), (202, 202), "{} {}", first.text, second.text);
    assert_eq!(first.header("location"), Some(format!("/api/v1/receipts/{receipt}").as_str()));
    assert_eq!(first.data(), &json!({ "id": receipt, "number": 1 }));
    assert_eq!(addresses(&app).await, ["bia@example.com", "leo@example.com"]);
    let told = "SELECT count(*) FROM kernel.outbox WHERE kind = 'mail.requested'";
    assert_eq!(app.database.value(told).await, "2");
    let noted = "SELECT string_agg(DISTINCT subject_id::text, ',') FROM kernel.audit_log WHERE action = 'receipt.mailed'";
    assert_eq!(app.database.value(noted).await, receipt);
}

#[tokio::test]
async fn who_may_not_read_receipts_mails_none() {
    let (app, tenant) = app().await;
    let receipt = issued(&app, &tenant, &Value::Null).await;
    let request =
        mail(&tenant, &receipt, &json!({ "to": "a@example.com" })).token(tenant.token(Role::Clinician));
    assert_eq!(app.send(request).await.refusal(), (403, "PERMISSION_DENIED"));
    assert_eq!(addresses(&app).await, [] as [&str; 0]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_key_sends_one_mail_however_often_it_is_sent_at_once() {
        let (app, tenant) = app().await;
        let receipt = issued(&app, &tenant, &Value::Null).await;
        let request = mail(&tenant, &receipt, &json!({ "to": "bia@example.com" })).key("one");
        let answers = app.send_at_once((0..4).map(|_| request.clone()).collect()).await;
        assert!(answers.iter().any(|answer| answer.status == 202));
        assert!(answers.iter().all(|answer| [202, 409].contains(&answer.status)));
        assert_eq!(addresses(&app).await, ["bia@example.com"]);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.receipt_documents").await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_known_key_is_answered_before_anything_is_made_or_refused() {
        let (app, tenant) = app().await;
        let receipt = issued(&app, &tenant, &json!({ "name": "Bia", "email": "bia@example.com" })).await;
        let documents = "SELECT count(*) FROM billing.receipt_documents";
        let known =
            TestRequest::post("/api/v1/transactions", &super::super::income(&patient(&app, &tenant).await));
        assert_eq!(app.send(known.token(tenant.owner()).key("known")).await.status, 201);
        let reused = (422, "IDEMPOTENCY_KEY_REUSED");
        for (of, body) in [
            (receipt.as_str(), json!({})),
            ("01890a5d-ac96-774b-bcce-b302099a0000", json!({ "to": "a@example.com" })),
        ] {
            assert_eq!(app.send(mail(&tenant, of, &body).key("known")).await.refusal(), reused, "{of}");
        }
        assert_eq!(app.database.value(documents).await, "0", "nothing is composed for it");
        let first = app.send(mail(&tenant, &receipt, &json!({})).key("own")).await;
        let again = app.send(mail(&tenant, &receipt, &json!({})).key("own")).await;
        assert_eq!((again.status, again.data()), (202, first.data()));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(addresses(&app).await, ["bia@example.com"]);
    }

    #[tokio::test]
    async fn another_clinics_receipt_is_not_found_and_a_payer_without_an_address_is_told() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = issued(&app, &other, &json!({ "name": "Bia", "email": "bia@example.com" })).await;
        assert_eq!(app.send(mail(&tenant, &foreign, &json!({}))).await.refusal(), (404, "RECEIPT_NOT_FOUND"));
        let own = issued(&app, &tenant, &json!({ "name": "Bia" })).await;
        let refused = app.send(mail(&tenant, &own, &json!({}))).await;
        assert_eq!(
            (refused.refusal(), refused.details()),
            ((422, "RECEIPT_WITHOUT_ADDRESS"), vec![("/to", "RECEIPT_WITHOUT_ADDRESS")])
        );
        assert_eq!(addresses(&app).await, [] as [&str; 0]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn the_twenty_first_mail_of_an_hour_is_429() {
        let mut app = TestApp::of(vec![billing::module()]).await.held_to(&crate::money::CONTRACT);
        app.limit(None);
        let tenant = app.tenant().await;
        let receipt = issued(&app, &tenant, &Value::Null).await;
        for number in 0..21 {
            let answer =
                app.send(mail(&tenant, &receipt, &json!({ "to": format!("a{number}@example.com") }))).await;
            assert_eq!(answer.status, if number < 20 { 202 } else { 429 }, "{number}: {}", answer.text);
        }
        assert_eq!(addresses(&app).await.len(), 20);
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_400_and_a_long_one_is_good() {
        let (app, tenant) = app().await;
        let receipt = issued(&app, &tenant, &Value::Null).await;
        let longest = format!("{}@{}example.com", "a".repeat(64), format!("{}.", "b".repeat(58)).repeat(3));
        for (to, code) in
            [("nobody", "INVALID_EMAIL"), ("a@b.example\nBcc: c@d.example", "INVALID_CHARACTERS")]
        {
            let refused = app.send(mail(&tenant, &receipt, &json!({ "to": to }))).await;
            assert_eq!(refused.details(), [("/to", code)], "{to}");
        }
        assert!(longest.len() <= 254);
        assert_eq!(app.send(mail(&tenant, &receipt, &json!({ "to": longest }))).await.status, 202);
        assert_eq!(addresses(&app).await, [longest]);
    }
}
