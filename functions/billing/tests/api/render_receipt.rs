use super::{app, card, income, paper, pay, receipt, record, refund};
use crate::money::patient;
use serde_json::{Value, json};
use shared::access::token::DocumentKey;
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest};

const CONSUMER: &str = "render-receipt";

/// The event of the newest transaction.
async fn recorded(app: &TestApp) -> Event {
    app.events_where("kind = 'ledger.transaction_recorded'").await.pop().unwrap()
}

/// A payment by somebody for a patient, and the id of its receipt.
async fn issued(app: &TestApp, tenant: &Tenant, payer: &Value) -> String {
    let mut body = card(&patient(app, tenant).await, "pm_card_visa");
    body["payer"] = payer.clone();
    let paid = app.send(pay(tenant, &body, "k")).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    paid.data()["receiptId"].as_str().unwrap().to_owned()
}

/// The one document that there is.
async fn content(app: &TestApp) -> Value {
    let [row] = app.database.rows("SELECT content FROM billing.receipt_documents").await.try_into().unwrap();
    serde_json::from_str(&row[0]).unwrap()
}

#[tokio::test]
async fn what_a_receipt_shows_is_composed_and_signed() {
    let (app, tenant) = app().await;
    let patch =
        json!({ "legalName": "Aurora Ltda.", "document": "11222333000181", "address": "Rua das Flores, 10" });
    let sql = "UPDATE identity.clinics SET legal_name = 'Aurora Ltda.', document = '11222333000181',
                      address = 'Rua das Flores, 10' RETURNING 1";
    app.database.value(sql).await;
    let receipt =
        issued(&app, &tenant, &json!({ "name": "Beatriz Lima", "document": "529.982.247-25" })).await;

    app.take(CONSUMER, &recorded(&app).await).await.unwrap();

    let content = content(&app).await;
    assert_eq!(content["payer"], json!({ "name": "Beatriz Lima", "document": "529.982.247-25" }));
    assert_eq!(
        content["clinic"],
        json!({
            "name": patch["legalName"], "document": patch["document"], "address": patch["address"], "councilNumber": null,
        })
    );
    assert_eq!(
        (&content["patient"], &content["amountMinor"], &content["number"], &content["method"]),
        (&json!("A patient"), &json!(15_000), &json!(1), &json!("card"))
    );
    let code = content["code"].as_str().unwrap();
    assert_eq!(content["link"], format!("{}/verify-receipt?code={code}", testkit::ISSUER));
    let document = billing::receipts::attached(&paper(&app, &tenant, &receipt).await).unwrap();
    assert!(document.is_signed_by(&DocumentKey::from_paserk(&app.keys().1).unwrap()));
    assert_eq!(serde_json::from_str::<Value>(document.signed()).unwrap(), content);
}

#[tokio::test]
async fn the_paper_is_mailed_to_whoever_paid_once_and_to_nobody_else() {
    let (app, tenant) = app().await;
    issued(&app, &tenant, &json!({ "name": "Beatriz Lima", "email": "bia@example.com" })).await;
    let event = recorded(&app).await;
    for _ in 0..2 {
        app.take(CONSUMER, &event).await.unwrap();
    }
    let mailed = "SELECT recipient_address, recipient_name, subject, attachments -> 0 ->> 'name',
                         left(convert_from(decode(left(attachments -> 0 ->> 'content', 8), 'base64'), 'UTF8'), 5),
                         (SELECT count(*) FROM kernel.outbox WHERE kind = 'mail.requested')
                    FROM kernel.mails";
    let expected = ["bia@example.com", "Beatriz Lima", "Recibo nº 1", "recibo-1.pdf", "%PDF-", "1"];
    assert_eq!(app.database.rows(mailed).await, [expected.map(str::to_owned).to_vec()]);
}

#[tokio::test]
async fn who_paid_an_income_is_on_its_paper() {
    let (app, tenant) = app().await;
    let mut body = income(&patient(&app, &tenant).await);
    body["payer"] =
        json!({ "name": "Beatriz Lima", "document": "529.982.247-25", "email": "bia@example.com" });
    assert_eq!(app.send(record(&tenant, &body, "k")).await.status, 201);
    app.take(CONSUMER, &recorded(&app).await).await.unwrap();
    let content = content(&app).await;
    assert_eq!(content["payer"], json!({ "name": "Beatriz Lima", "document": "529.982.247-25" }));
    assert_eq!((&content["patient"], &content["method"]), (&json!("A patient"), &json!("pix")));
    assert_eq!(app.database.value("SELECT recipient_address FROM kernel.mails").await, "bia@example.com");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn renders_and_readers_at_once_make_one_document() {
        let (app, tenant) = app().await;
        let receipt = issued(&app, &tenant, &Value::Null).await;
        let event = recorded(&app).await;
        let taking: Vec<_> = (0..8)
            .map(|_| {
                let (app, event) = (Arc::clone(&app), event.clone());
                tokio::spawn(async move { app.take(CONSUMER, &event).await })
            })
            .collect();
        let address = format!("/api/v1/receipts/{receipt}");
        let read = || TestRequest::get(&address).token(tenant.owner()).header("accept", "application/pdf");
        let papers = app.send_at_once((0..4).map(|_| read()).collect()).await;
        for taken in taking {
            taken.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.receipt_documents").await, "1");
        assert!(papers.iter().all(|paper| paper.status == 200 && paper.body == papers[0].body));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_paper_stays_when_patient_and_clinic_have_other_names_and_its_signature_is_good() {
        let (app, tenant) = app().await;
        let receipt = issued(&app, &tenant, &Value::Null).await;
        app.take(CONSUMER, &recorded(&app).await).await.unwrap();
        let before = paper(&app, &tenant, &receipt).await;
        for sql in [
            "UPDATE patients.patients SET full_name = 'Nobody', deleted_at = now() RETURNING 1",
            "UPDATE identity.clinics SET name = 'Another', legal_name = 'Another', address = 'Elsewhere' RETURNING 1",
        ] {
            app.database.value(sql).await;
        }

        let after = paper(&app, &tenant, &receipt).await;
        app.take(CONSUMER, &recorded(&app).await).await.unwrap();

        assert!(before == after, "the same bytes");
        let document = billing::receipts::attached(&after).unwrap();
        assert!(document.is_signed_by(&DocumentKey::from_paserk(&app.keys().1).unwrap()));
        let code = content(&app).await["code"].as_str().unwrap().to_owned();
        let verified = app.send(TestRequest::get(&format!("/api/v1/receipts/verify/{code}"))).await;
        assert_eq!(verified.data()["clinicName"], format!("Clinic {}", tenant.clinic), "as the paper has it");
    }

    #[tokio::test]
    async fn one_for_money_given_back_names_the_first_and_the_first_says_so() {
        let (app, tenant) = app().await;
        let first = issued(&app, &tenant, &json!({ "name": "Beatriz Lima" })).await;
        let payment = app.database.value("SELECT id FROM billing.payments").await;
        let mut states = Vec::new();
        for (key, body) in [("part", json!({ "amountMinor": 5_000 })), ("rest", json!({}))] {
            let given = app.send(refund(&tenant, &payment, &body, key)).await;
            assert_eq!(given.status, 201, "{}", given.text);
            states.push(receipt(&app, &tenant, &first).await.data()["status"].clone());
            let id = given.data()["receiptId"].as_str().unwrap().to_owned();
            let own = receipt(&app, &tenant, &id).await;
            assert_eq!((&own.data()["kind"], &own.data()["status"]), (&json!("refunded"), &json!("valid")));
            let signed = billing::receipts::attached(&paper(&app, &tenant, &id).await).unwrap();
            let said: Value = serde_json::from_str(signed.signed()).unwrap();
            assert_eq!((&said["refundOf"], &said["payer"]["name"]), (&json!(1), &json!("Beatriz Lima")));
        }
        assert_eq!(states, ["partly_refunded", "refunded"]);
        let returned = "UPDATE billing.refunds SET status = 'failed', failure_code = 'X', returned_transaction_id = transaction_id
                         RETURNING 1";
        app.database.value(returned).await;
        assert_eq!(
            receipt(&app, &tenant, &first).await.data()["status"],
            "valid",
            "only what succeeded counts"
        );
        let listed = app.send(TestRequest::get("/api/v1/receipts").token(tenant.owner())).await;
        let states = listed.data().as_array().unwrap().iter().map(|one| (&one["kind"], &one["status"]));
        for (kind, status) in states {
            assert_eq!(status, if kind == "received" { "valid" } else { "returned" }, "{}", listed.text);
        }
    }

    #[tokio::test]
    async fn the_module_itself_can_neither_change_nor_delete_a_document() {
        let (app, tenant) = app().await;
        issued(&app, &tenant, &Value::Null).await;
        app.take(CONSUMER, &recorded(&app).await).await.unwrap();
        for sql in
            ["UPDATE billing.receipt_documents SET content = '{}'", "DELETE FROM billing.receipt_documents"]
        {
            assert_eq!(app.database.run_as("billing", sql).await.unwrap_err(), "42501");
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_transaction_without_a_receipt_makes_nothing() {
        let (app, tenant) = app().await;
        let mut expense = income(&patient(&app, &tenant).await);
        expense["type"] = json!("expense");
        assert_eq!(app.send(record(&tenant, &expense, "k")).await.status, 201);
        app.take(CONSUMER, &recorded(&app).await).await.unwrap();
        assert_eq!(app.database.value("SELECT count(*) FROM billing.receipt_documents").await, "0");
    }

    #[tokio::test]
    async fn a_name_of_any_kind_is_on_the_paper_as_it_was_said() {
        for name in [
            &"W".repeat(255),
            "<script>alert('x')</script>",
            "דוד כהן (David)",
            "Jose\u{301} q\u{303}",
            "王小明",
            "\\(Ana\\) %PDF",
        ] {
            let (app, tenant) = app().await;
            let receipt = issued(&app, &tenant, &json!({ "name": name })).await;
            let file = paper(&app, &tenant, &receipt).await;
            assert!(file.starts_with(b"%PDF-"));
            let signed = billing::receipts::attached(&file).unwrap().signed().to_owned();
            let said: Value = serde_json::from_str(&signed).unwrap();
            // A name is kept in NFC.
            let kept = if name.starts_with("Jose") { "Jos\u{e9} q\u{303}" } else { name };
            assert_eq!(said["payer"]["name"], kept, "{name}");
        }
    }
}
