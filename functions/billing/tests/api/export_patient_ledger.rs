use super::{app, card, income, patient, pay, record};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp};

const CONSUMER: &str = "export-patient-ledger";

/// A job about a patient, queued as the patients' module does, with its event.
async fn queued(app: &TestApp, tenant: &Tenant, patient: &str) -> Event {
    let sql = format!(
        "WITH job AS (
             INSERT INTO kernel.jobs (id, clinic_id, module, owner_id, kind, total, expires_at, created_at, updated_at)
             VALUES (uuidv7(), '{clinic}', 'patients', uuidv7(), 'patient.export', 1, '2100-01-01', now(), now())
             RETURNING id)
         INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'job', id, 1, 'patient.export_requested',
                jsonb_build_object('jobId', id, 'patientId', '{patient}'), '', now(), now()
           FROM job",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
    let events = app.events().await;
    events.into_iter().rfind(|event| event.kind == "patient.export_requested").unwrap()
}

async fn part(app: &TestApp) -> Value {
    serde_json::from_str(&app.database.value("SELECT content FROM kernel.job_parts").await).unwrap()
}

async fn states(app: &TestApp) -> String {
    app.database.value("SELECT string_agg(state || ' ' || done, ',') FROM kernel.jobs").await
}

#[tokio::test]
async fn the_part_has_every_transaction_of_the_patient_and_none_of_another() {
    let (app, tenant) = app().await;
    let (own, other) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
    // Amounts, numbers and places differ, so that nothing of one can pass for the other's.
    for (key, of, amount) in
        [("1", &other, 7), ("2", &own, 15_000), ("3", &other, 80), ("4", &own, 15_000), ("5", &other, 900)]
    {
        let mut body = income(of);
        body["amountMinor"] = json!(amount);
        body["occurredOn"] = json!("2026-01-15");
        body["payer"] = json!({ "name": "Beatriz Lima" });
        assert_eq!(app.send(record(&tenant, &body, key)).await.status, 201);
    }
    let event = queued(&app, &tenant, &own).await;

    app.take(CONSUMER, &event).await.unwrap();

    let part = part(&app).await;
    assert_eq!(part["balance"], json!({ "balanceMinor": 30_000, "currency": "BRL" }));
    let transactions = part["transactions"].as_array().unwrap();
    let balances: Vec<_> = transactions.iter().map(|each| each["balanceMinor"].as_i64().unwrap()).collect();
    assert_eq!(balances, [15_000, 30_000], "in the order in which they were made");
    let told = &transactions[0];
    assert_eq!((&told["payer"]["name"], &told["occurredOn"]), (&json!("Beatriz Lima"), &json!("2026-01-15")));
    assert_eq!((&told["source"], &told["reversesId"]), (&Value::Null, &Value::Null));
    let receipts = part["receipts"].as_array().unwrap();
    let numbers: Vec<_> = receipts.iter().map(|each| each["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [2, 4]);
    let at = transactions[0]["createdAt"].as_str().unwrap();
    assert_eq!(at.parse::<jiff::Timestamp>().unwrap().to_string(), at, "an instant as the API writes it");
    assert_eq!(states(&app).await, "succeeded 1", "it was the last part");
}

#[tokio::test]
async fn the_part_has_every_payment_and_receipt_of_the_patient_and_no_card() {
    let (app, tenant) = app().await;
    let (own, other) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
    let mut paid = card(&own, "pm_card_visa");
    paid["payer"] = json!({ "name": "Beatriz Lima" });
    for (key, body, status) in [
        ("1", card(&other, "pm_card_visa"), 201),
        ("2", paid, 201),
        ("3", card(&own, "pm_card_chargeDeclined"), 402),
        ("4", card(&own, "pm_sandbox_processing"), 202),
    ] {
        assert_eq!(app.send(pay(&tenant, &body, key)).await.status, status);
        app.clock.advance(SignedDuration::from_secs(1));
    }
    let event = queued(&app, &tenant, &own).await;

    app.take(CONSUMER, &event).await.unwrap();

    let part = part(&app).await;
    let payments = part["payments"].as_array().unwrap();
    let states: Vec<_> = payments.iter().map(|each| each["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["succeeded", "failed", "pending"], "in the order in which they were asked for");
    assert_eq!(payments[0]["payer"]["name"], "Beatriz Lima");
    assert_eq!(
        (&payments[1]["declineCode"], &payments[2]["settledAt"]),
        (&json!("generic_decline"), &Value::Null)
    );
    let receipts = part["receipts"].as_array().unwrap();
    assert_eq!((receipts.len(), &receipts[0]["number"]), (1, &json!(2)), "{receipts:?}");
    assert_eq!(receipts[0]["transactionId"], payments[0]["transactionId"]);
    assert!(!part.to_string().contains("pm_"), "{part}");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn an_event_delivered_to_ten_at_once_has_one_effect() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let event = queued(&app, &tenant, &patient).await;
        let taking = (0..10).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for taken in taking.collect::<Vec<_>>() {
            taken.await.unwrap().unwrap();
        }
        assert_eq!(states(&app).await, "succeeded 1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_failed_part_leaves_neither_progress_nor_a_note_of_the_event() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let event = queued(&app, &tenant, &patient).await;
        app.database.run("ALTER TABLE kernel.job_parts ADD CONSTRAINT no_room CHECK (false)").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(states(&app).await, "queued 0");
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.inbox").await, "0");

        app.database.run("ALTER TABLE kernel.job_parts DROP CONSTRAINT no_room").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(states(&app).await, "succeeded 1");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_patient_without_money_has_an_empty_part() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let event = queued(&app, &tenant, &patient).await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(
            part(&app).await,
            json!({
                "balance": null, "transactions": [], "payments": [], "refunds": [], "disputes": [], "receipts": [],
            })
        );
    }
}
