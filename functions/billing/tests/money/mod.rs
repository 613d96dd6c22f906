//! Clinics that take money, and whether the books agree with the provider: what all suites of the module share.

use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use testkit::{Contract, Tenant, TestApp, TestRequest};

/// Every reply is held against the committed contract (B12).
pub(crate) static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../platform/openapi.json")));

/// A test app with the module and one clinic.
pub(crate) async fn app() -> (Arc<TestApp>, Tenant) {
    let app = TestApp::of(vec![billing::module()]).await.held_to(&CONTRACT);
    let tenant = app.tenant().await;
    (Arc::new(app), tenant)
}

/// A patient of the clinic, written straight into the database: another module's endpoint makes them.
pub(crate) async fn patient(app: &TestApp, tenant: &Tenant) -> String {
    let sql = "INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
               VALUES (uuidv7(), '{clinic}', 'A patient', 1, now(), now()) RETURNING id";
    app.database.value(&sql.replace("{clinic}", &tenant.clinic.to_string())).await
}

/// An income of 150.00 BRL.
pub(crate) fn income(patient: &str) -> Value {
    json!({ "patientId": patient, "type": "income", "amountMinor": 15_000, "currency": "BRL", "method": "pix" })
}

/// The request that records it.
pub(crate) fn record(tenant: &Tenant, body: &Value, key: &str) -> TestRequest {
    TestRequest::post("/api/v1/transactions", body).token(tenant.owner()).key(key)
}

/// Whether each balance is the sum of its transfers, and each transfer's running balance the sum up to it.
pub(crate) async fn assert_books_balance(app: &TestApp) {
    let off = "SELECT count(*)
                 FROM (SELECT t.balance_after_minor,
                              sum(CASE WHEN t.credit_account = 'patient' THEN t.amount_minor ELSE -t.amount_minor END)
                                  OVER (PARTITION BY t.clinic_id, t.patient_id ORDER BY t.seq) AS running,
                              b.balance_minor, b.seq AS last, t.seq,
                              row_number() OVER (PARTITION BY t.clinic_id, t.patient_id ORDER BY t.seq) AS place
                         FROM billing.transfers t
                         JOIN billing.balances b ON b.clinic_id = t.clinic_id AND b.patient_id = t.patient_id) AS entry
                WHERE balance_after_minor <> running
                   OR seq <> place
                   OR (seq = last AND balance_minor <> running)";
    assert_eq!(app.database.value(off).await, "0");
}

/// A payment of 150.00 BRL by that card.
pub(crate) fn card(patient: &str, method: &str) -> Value {
    json!({
        "patientId": patient, "amountMinor": 15_000, "currency": "BRL", "paymentMethod": method,
        "description": "Session of 21 November",
    })
}

/// The request that takes it.
pub(crate) fn pay(tenant: &Tenant, body: &Value, key: &str) -> TestRequest {
    TestRequest::post("/api/v1/payments", body).token(tenant.owner()).key(key)
}

/// Makes a payment of which nobody knows whether it was taken: the request is sent, and its answer never comes.
pub(crate) async fn lost(app: &TestApp, tenant: &Tenant, patient: &str, method: &str, key: &str) -> String {
    let answer = app.send(pay(tenant, &card(patient, method), key)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.data()["paymentId"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/payments/{id}").as_str()));
    id
}

/// Whether whatever money came in has one receipt of its amount and nothing else has one, and numbers have no gap.
pub(crate) async fn assert_receipts_agree(app: &TestApp) {
    let off = "SELECT t.id, t.kind
                 FROM billing.transfers AS t
                WHERE (SELECT count(*) FROM billing.receipts AS r
                        WHERE r.clinic_id = t.clinic_id AND r.transaction_id = t.id AND r.kind = 'received'
                          AND (r.patient_id, r.amount_minor, r.currency) = (t.patient_id, t.amount_minor, t.currency))
                      <> (t.kind IN ('income', 'payment'))::int";
    assert_eq!(app.database.rows(off).await, Vec::<Vec<String>>::new());
    let gaps = "SELECT clinic_id
                  FROM (SELECT clinic_id, min(number) AS least, max(number) AS last, count(*) AS count
                          FROM billing.receipts GROUP BY 1) AS n
                  FULL JOIN billing.receipt_counters AS c USING (clinic_id)
                 WHERE (n.least, n.last, n.count) IS DISTINCT FROM (1, c.last_number, c.last_number)";
    assert_eq!(app.database.rows(gaps).await, Vec::<Vec<String>>::new());
}

/// Whether payments, ledger, receipts, events and the provider agree: what succeeded was taken once, is one transfer, one
/// receipt and one event; what did not is none of these; whatever is pending is due or in review; numbers have no gap.
pub(crate) async fn assert_money_agrees(app: &TestApp) {
    assert_books_balance(app).await;
    assert_receipts_agree(app).await;
    let off = "SELECT p.id, p.status
                 FROM billing.payments AS p
                WHERE (SELECT count(*) FROM billing.transfers AS t
                        WHERE t.clinic_id = p.clinic_id AND t.kind = 'payment' AND t.source_id = p.id
                          AND t.amount_minor = p.amount_minor AND t.id = p.transaction_id)
                      <> (p.status = 'succeeded')::int
                   OR (SELECT count(*) FROM billing.receipts AS r
                        WHERE r.clinic_id = p.clinic_id AND r.transaction_id = p.transaction_id)
                      <> (p.status = 'succeeded')::int
                   OR (SELECT count(*) FROM kernel.outbox AS o
                        WHERE o.aggregate_id = p.id AND o.kind = 'payment.succeeded')
                      <> (p.status = 'succeeded')::int
                   OR (p.status = 'pending' AND p.due_at IS NULL AND p.review IS NULL)";
    assert_eq!(app.database.rows(off).await, Vec::<Vec<String>>::new());
    assert_refunds_agree(app).await;
    // Whoever has its client secret could still pay it.
    let given_up = "SELECT id FROM billing.payments WHERE status = 'failed' AND waiting_until IS NOT NULL";
    for row in app.database.rows(given_up).await {
        let is_it = |intent: &payment_sandbox::Intent| intent.payment_id.as_deref() == Some(&row[0]);
        let intent = app.payments.intents().into_iter().find(is_it).unwrap();
        assert_eq!(intent.status, "canceled", "{row:?}");
    }
    let settled =
        app.database.rows("SELECT id, status FROM billing.payments WHERE status <> 'pending'").await;
    for row in settled {
        let charged = app.payments.charged(&row[0]).len();
        assert_eq!(charged, usize::from(row[1] == "succeeded"), "{row:?}");
    }
}

/// The same of what was given back.
async fn assert_refunds_agree(app: &TestApp) {
    // What is given back of a payment is never more than was taken, counts what is under way, and is in the ledger once it was
    // given back, and again once it came back.
    let off = "SELECT p.id
                 FROM billing.payments AS p
                WHERE p.refunded_minor <> (SELECT COALESCE(sum(amount_minor), 0) FROM billing.refunds AS r
                                            WHERE r.clinic_id = p.clinic_id AND r.payment_id = p.id AND r.status <> 'failed')";
    assert_eq!(app.database.rows(off).await, Vec::<Vec<String>>::new());
    let off = "SELECT r.id, r.status
                 FROM billing.refunds AS r
                WHERE (SELECT count(*) FROM billing.transfers AS t
                        WHERE t.clinic_id = r.clinic_id AND t.kind = 'refund' AND t.source_id = r.id
                          AND t.amount_minor = r.amount_minor AND t.id = r.transaction_id)
                      <> (r.transaction_id IS NOT NULL)::int
                   OR (SELECT count(*) FROM billing.transfers AS t
                        WHERE t.clinic_id = r.clinic_id AND t.kind = 'refund_returned' AND t.source_id = r.id
                          AND t.amount_minor = r.amount_minor AND t.id = r.returned_transaction_id)
                      <> (r.returned_transaction_id IS NOT NULL)::int
                   OR (SELECT count(*) FROM billing.receipts AS n
                        WHERE n.clinic_id = r.clinic_id AND n.transaction_id = r.transaction_id AND n.kind = 'refunded')
                      <> (r.transaction_id IS NOT NULL)::int
                   OR (SELECT count(*) FROM kernel.outbox AS o
                        WHERE o.aggregate_id = r.id AND o.kind = 'refund.succeeded')
                      <> (r.transaction_id IS NOT NULL)::int
                   OR (SELECT count(*) FROM kernel.outbox AS o WHERE o.aggregate_id = r.id AND o.kind = 'refund.failed')
                      <> (r.status = 'failed')::int";
    assert_eq!(app.database.rows(off).await, Vec::<Vec<String>>::new());
    // What is final here is so at the provider: given back once, or not.
    let sql = "SELECT provider_refund_id, id, status, made_elsewhere FROM billing.refunds WHERE status <> 'pending'";
    for row in app.database.rows(sql).await {
        let is_it = |made: &payment_sandbox::GivenBack| match row[3].as_str() {
            "t" => made.id == row[0],
            _ => made.refund_id.as_deref() == Some(&row[1]),
        };
        let mut given: Vec<_> = app.payments.refunds().into_iter().filter(is_it).collect();
        given.retain(|made| made.status != "failed");
        assert_eq!(given.len(), usize::from(row[2] == "succeeded"), "{row:?}");
    }
}
