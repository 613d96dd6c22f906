use super::{app, assert_books_balance, assert_receipts_agree, balance, card, charge, income, pay, record};
use crate::money::patient;
use serde_json::{Value, json};
use shared::access::Role;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

fn reversal(tenant: &Tenant, id: &str, body: &Value, key: &str) -> TestRequest {
    TestRequest::post(&format!("/api/v1/transactions/{id}/reversal"), body).token(tenant.owner()).key(key)
}

/// An income of the patient; its id.
async fn recorded(app: &TestApp, tenant: &Tenant, patient: &str, key: &str) -> String {
    let recorded = app.send(record(tenant, &income(patient), key)).await;
    recorded.data()["id"].as_str().unwrap().to_owned()
}

async fn read(app: &TestApp, tenant: &Tenant, id: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/transactions/{id}")).token(tenant.owner())).await
}

/// A charge of 50.00 for an order, as whatever makes one writes it.
async fn ordered(app: &TestApp, tenant: &Tenant, patient: &str) -> String {
    let sql = "WITH moved AS (
                   INSERT INTO billing.balances AS b
                          (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
                   VALUES ('{clinic}', '{patient}', 'BRL', -5000, 1, now(), now())
                   ON CONFLICT (clinic_id, patient_id) DO UPDATE SET balance_minor = b.balance_minor - 5000, seq = b.seq + 1
                   RETURNING balance_minor, seq)
               INSERT INTO billing.transfers
                      (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, source, source_id,
                       seq, balance_after_minor, occurred_on, created_at)
               SELECT uuidv7(), '{clinic}', '{patient}', 'charge', 'patient', 'revenue', 5000, 'BRL', 'order', uuidv7(), seq,
                      balance_minor, now(), now()
                 FROM moved
               RETURNING id";
    let sql = sql.replace("{clinic}", &tenant.clinic.to_string());
    app.database.value(&sql.replace("{patient}", patient)).await
}

#[tokio::test]
async fn what_was_recorded_by_hand_is_taken_back_and_both_stay() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut expense = income(&patient);
    expense["type"] = json!("expense");
    expense["amountMinor"] = json!(4_000);
    let income = recorded(&app, &tenant, &patient, "1").await;
    let expense = app.send(record(&tenant, &expense, "2")).await.data()["id"].as_str().unwrap().to_owned();
    let charged = app.send(record(&tenant, &charge(&patient, &tenant.clinic.to_string()), "3")).await;
    let charged = charged.data()["id"].as_str().unwrap().to_owned();
    for (original, moved, method) in
        [(&income, -15_000, json!("pix")), (&expense, 4_000, json!("pix")), (&charged, 5_000, Value::Null)]
    {
        let before = balance(&app, &tenant, &patient).await.data()["balanceMinor"].as_i64().unwrap();
        let request = reversal(&tenant, original, &json!({ "reason": "Entered twice" }), original);

        let taken = app.send(request.clone()).await;
        let again = app.send(request).await;

        assert_eq!(taken.status, 201, "{}", taken.text);
        let data = taken.data();
        assert_eq!((&data["type"], &data["reversesId"]), (&json!("reversal"), &json!(original)));
        assert_eq!((&data["balanceMinor"], &data["method"]), (&json!(before + moved), &method));
        assert_eq!(data["description"], "Entered twice");
        assert_eq!(data["source"], json!({ "kind": "transfer", "id": original }));
        let address = format!("/api/v1/transactions/{}", data["id"].as_str().unwrap());
        assert_eq!(taken.header("location"), Some(address.as_str()));
        assert_eq!((&again.json["data"], again.header("idempotency-replayed")), (data, Some("true")));
        assert_eq!(read(&app, &tenant, original).await.data()["reversedBy"], data["id"]);
        let id = data["id"].as_str().unwrap();
        let written = format!(
            "SELECT (SELECT count(*) FROM kernel.audit_log WHERE subject_id = '{id}' AND action = 'transaction.reversed'),
                    (SELECT count(*) FROM kernel.outbox
                      WHERE kind = 'ledger.transaction_recorded' AND ids->>'transactionId' = '{id}')"
        );
        assert_eq!(app.database.rows(&written).await, [["1", "1"]]);
    }
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0);
    assert_books_balance(&app).await;
    // The income's receipt stays, and what takes it back has none of its own.
    assert_receipts_agree(&app).await;
    let of_income = read(&app, &tenant, &income).await;
    assert_eq!(of_income.data()["receiptNumber"], 1, "{}", of_income.text);
}

#[tokio::test]
async fn what_an_income_says_beside_its_money_stays_with_it() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut body = income(&patient);
    (body["payer"], body["occurredOn"]) = (json!({ "name": "Beatriz Lima" }), json!("2026-01-15"));
    let recorded = app.send(record(&tenant, &body, "1")).await;
    let id = recorded.data()["id"].as_str().unwrap();

    let taken = app.send(reversal(&tenant, id, &json!({}), "r")).await;

    // It is taken back today, whenever the money came.
    assert_eq!(taken.status, 201, "{}", taken.text);
    assert_eq!(
        app.database
            .rows(
                "SELECT kind, payer IS NULL, occurred_on = '2026-01-15' FROM billing.transfers ORDER BY seq"
            )
            .await,
        [["income", "f", "t"], ["reversal", "t", "f"]]
    );
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_ten_at_once_one_takes_it_back() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = recorded(&app, &tenant, &patient, "1").await;
        let requests =
            (0..10).map(|number| reversal(&tenant, &id, &json!({}), &format!("r{number}"))).collect();

        let answers = app.send_at_once(requests).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let refused = answers.iter().filter(|answer| answer.status != 201);
        assert!(refused.into_iter().all(|answer| answer.refusal() == (409, "ALREADY_REVERSED")));
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0);
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn those_of_one_patient_and_new_ones_all_count() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut requests = Vec::new();
        for number in 0..10 {
            let id = recorded(&app, &tenant, &patient, &format!("i{number}")).await;
            requests.push(reversal(&tenant, &id, &json!({}), &format!("r{number}")));
            requests.push(record(&tenant, &income(&patient), &format!("n{number}")));
        }
        let answers = app.send_at_once(requests).await;
        assert!(answers.iter().all(|answer| answer.status == 201));
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 150_000);
        assert_books_balance(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn what_something_else_has_booked_and_a_reversal_stay() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "card")).await;
        let payment = paid.data()["transactionId"].as_str().unwrap().to_owned();
        let ordered = ordered(&app, &tenant, &patient).await;
        let income = recorded(&app, &tenant, &patient, "1").await;
        let taken = app.send(reversal(&tenant, &income, &json!({}), "r")).await;
        let taken = taken.data()["id"].as_str().unwrap().to_owned();
        for id in [payment, ordered, taken] {
            let refused = app.send(reversal(&tenant, &id, &json!({}), &format!("of {id}"))).await;
            assert_eq!(refused.refusal(), (422, "NOT_REVERSIBLE"), "{id}");
        }
        let again = app.send(reversal(&tenant, &income, &json!({}), "another")).await;
        assert_eq!(again.refusal(), (409, "ALREADY_REVERSED"));
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 10_000);
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn another_clinics_and_unknown_transactions_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let foreign = recorded(&app, &other, &patient, "1").await;
        for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057"] {
            let refused = app.send(reversal(&tenant, id, &json!({}), id)).await;
            assert_eq!(refused.refusal(), (404, "TRANSACTION_NOT_FOUND"));
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "1");
    }

    #[tokio::test]
    async fn who_may_not_record_may_not_take_back() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = recorded(&app, &tenant, &patient, "1").await;
        let asked = reversal(&tenant, &id, &json!({}), "r").token(tenant.token(Role::Clinician));
        assert_eq!(app.send(asked).await.refusal(), (403, "PERMISSION_DENIED"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_reason_has_1_to_500_letters_and_may_be_left_out() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = recorded(&app, &tenant, &patient, "1").await;
        for reason in [json!(""), json!("r".repeat(501)), json!(7)] {
            let refused = app.send(reversal(&tenant, &id, &json!({ "reason": reason }), "r")).await;
            assert_eq!(refused.status, 400, "{}", refused.text);
        }
        let longest = json!({ "reason": "r".repeat(500) });
        assert_eq!(app.send(reversal(&tenant, &id, &longest, "r")).await.status, 201);
    }
}
