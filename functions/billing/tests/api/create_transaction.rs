use super::{app, assert_books_balance, assert_receipts_agree, balance, charge, income, patient, record};
use serde_json::{Value, json};
use shared::access::Role;
use testkit::TestRequest;

/// A thing outside.
const THING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn an_income_raises_and_an_expense_lowers_the_balance() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut expense = income(&patient);
    expense["type"] = json!("expense");
    expense["amountMinor"] = json!(40_000);
    expense["method"] = json!("bank_transfer");
    expense["description"] = json!("Refund of March");

    let first = app.send(record(&tenant, &income(&patient), "1")).await;
    let second = app.send(record(&tenant, &expense, "2")).await;

    assert_eq!((first.status, &first.data()["balanceMinor"]), (201, &json!(15_000)), "{}", first.text);
    assert_eq!((second.status, &second.data()["balanceMinor"]), (201, &json!(-25_000)), "{}", second.text);
    let id = second.data()["transactionId"].as_str().unwrap();
    assert_eq!(second.header("location"), Some(format!("/api/v1/transactions/{id}").as_str()));
    let written = app
        .database
        .rows(&format!(
            "SELECT t.debit_account, t.credit_account, t.amount_minor, t.seq, t.balance_after_minor, t.method,
                    o.kind, o.seq, a.action
               FROM billing.transfers t
               JOIN kernel.outbox o ON (o.ids->>'transactionId')::uuid = t.id AND o.aggregate_id = t.patient_id
               JOIN kernel.audit_log a ON a.subject_id = t.id
              WHERE t.id = '{id}'"
        ))
        .await;
    let expected = [
        "patient",
        "cash",
        "40000",
        "2",
        "-25000",
        "bank_transfer",
        "ledger.transaction_recorded",
        "2",
        "transaction.recorded",
    ];
    assert_eq!(written, [expected.map(str::to_owned).to_vec()]);
    assert_books_balance(&app).await;
}

#[tokio::test]
async fn an_income_has_the_clinics_next_receipt_and_nothing_else_has_one() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut expense = income(&patient);
    expense["type"] = json!("expense");
    let mut numbers = Vec::new();
    for (key, body) in
        [("1", income(&patient)), ("2", expense), ("3", charge(&patient, THING)), ("4", income(&patient))]
    {
        let recorded = app.send(record(&tenant, &body, key)).await;
        assert_eq!(recorded.status, 201, "{}", recorded.text);
        let again = app.send(record(&tenant, &body, key)).await;
        assert_eq!(again.data(), recorded.data());
        let data = recorded.data();
        numbers.push(data["receiptNumber"].clone());
        let id = data["id"].as_str().unwrap();
        let receipt =
            "SELECT r.id, r.kind, r.patient_id, r.amount_minor, r.currency, r.issued_on, octet_length(r.code)
                         FROM billing.receipts AS r WHERE r.transaction_id = '{id}'";
        let receipt = app.database.rows(&receipt.replace("{id}", id)).await;
        let Some(of_income) = data["receiptId"].as_str() else {
            assert_eq!(receipt, Vec::<Vec<String>>::new());
            continue;
        };
        let today = data["occurredOn"].as_str().unwrap();
        assert_eq!(receipt, [[of_income, "received", patient.as_str(), "15000", "BRL", today, "16"]]);
    }
    assert_eq!(numbers, [json!(1), Value::Null, Value::Null, json!(2)]);
    let codes = app.database.value("SELECT count(DISTINCT code) FROM billing.receipts").await;
    assert_eq!(codes, "2", "nobody guesses one by another");
    assert_receipts_agree(&app).await;
}

#[tokio::test]
async fn a_charge_lowers_the_balance_once_for_its_source_and_moves_no_money() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;

    let charged = app.send(record(&tenant, &charge(&patient, THING), "1")).await;
    let again = app.send(record(&tenant, &charge(&patient, THING), "1")).await;
    let twice = app.send(record(&tenant, &charge(&patient, THING), "2")).await;

    let data = charged.data();
    assert_eq!(
        (charged.status, &data["type"], &data["balanceMinor"]),
        (201, &json!("charge"), &json!(-5_000))
    );
    assert_eq!(data["source"], json!({ "kind": "external", "id": THING }));
    assert_eq!((again.data(), again.header("idempotency-replayed")), (data, Some("true")));
    assert_eq!(
        (twice.refusal(), twice.details()),
        ((409, "SOURCE_ALREADY_CHARGED"), vec![("/source", "SOURCE_ALREADY_CHARGED")])
    );
    let written = "SELECT t.debit_account, t.credit_account, t.amount_minor, t.method IS NULL, t.source, t.source_id,
                          t.balance_after_minor, b.balance_minor, b.seq,
                          (SELECT count(*) FROM kernel.outbox AS o
                            WHERE o.kind = 'ledger.transaction_recorded' AND (o.ids->>'transactionId')::uuid = t.id),
                          (SELECT count(*) FROM kernel.audit_log AS a WHERE a.subject_id = t.id AND a.about = t.patient_id)
                     FROM billing.transfers AS t JOIN billing.balances AS b USING (clinic_id, patient_id)";
    let expected = ["patient", "revenue", "5000", "t", "external", THING, "-5000", "-5000", "1", "1", "1"]
        .map(str::to_owned);
    assert_eq!(app.database.rows(written).await, [expected]);
    assert_books_balance(&app).await;
}

#[tokio::test]
async fn who_paid_is_kept_with_the_income_and_told_by_no_reply() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let payer =
        json!({ "name": "Beatriz Lima", "document": "529.982.247-25", "email": "beatriz@example.com" });
    let mut body = income(&patient);
    body["payer"] = payer.clone();

    let recorded = app.send(record(&tenant, &body, "1")).await;
    let read = app.send(TestRequest::get(recorded.header("location").unwrap()).token(tenant.owner())).await;

    let kept: Value =
        serde_json::from_str(&app.database.value("SELECT payer FROM billing.transfers").await).unwrap();
    assert_eq!(kept, payer);
    for answer in [&recorded, &read] {
        assert!((200..300).contains(&answer.status) && !answer.text.contains("Beatriz"), "{}", answer.text);
    }
    let told = "SELECT count(*) FROM kernel.outbox WHERE ids::text LIKE '%Beatriz%'";
    assert_eq!(app.database.value(told).await, "0");
    body["payer"] = Value::Null;
    app.send(record(&tenant, &body, "2")).await;
    assert_eq!(app.database.value("SELECT count(payer) FROM billing.transfers").await, "1");
}

#[tokio::test]
async fn what_is_recorded_later_is_of_its_day_and_its_receipt_of_today() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let today = app.send(record(&tenant, &income(&patient), "1")).await.data()["occurredOn"].clone();
    for (key, mut body) in [("2", income(&patient)), ("3", charge(&patient, THING))] {
        body["occurredOn"] = json!("2026-01-15");
        let recorded = app.send(record(&tenant, &body, key)).await;
        assert_eq!((recorded.status, &recorded.data()["occurredOn"]), (201, &json!("2026-01-15")));
        let read =
            app.send(TestRequest::get(recorded.header("location").unwrap()).token(tenant.owner())).await;
        assert_eq!(read.data()["occurredOn"], "2026-01-15");
    }
    // Numbers and days of receipts rise together.
    let issued = app.database.rows("SELECT number, issued_on FROM billing.receipts ORDER BY number").await;
    let today = today.as_str().unwrap();
    assert_eq!(issued, [["1", today], ["2", today]]);
}

#[tokio::test]
async fn what_one_patient_pays_moves_no_other_patients_balance() {
    let (app, tenant) = app().await;
    let patients = [patient(&app, &tenant).await, patient(&app, &tenant).await];
    let mut expected = [0, 0];
    for (number, amount) in [(0, 100), (1, 7), (0, 20), (0, 3), (1, 50)] {
        let mut body = income(&patients[number]);
        body["amountMinor"] = json!(amount);
        let recorded = app.send(record(&tenant, &body, &format!("{number} {amount}"))).await;
        expected[number] += amount;
        assert_eq!(recorded.data()["balanceMinor"], expected[number], "{}", recorded.text);
        for (patient, expected) in patients.iter().zip(expected) {
            assert_eq!(balance(&app, &tenant, patient).await.data()["balanceMinor"], expected);
        }
    }
    let places = "SELECT patient_id, max(seq), count(*) FROM billing.transfers GROUP BY 1 ORDER BY 2 DESC";
    let places = app.database.rows(places).await;
    assert_eq!(places, [[&patients[0], "3", "3"], [&patients[1], "2", "2"]]);
    assert_books_balance(&app).await;
}

#[tokio::test]
async fn the_reply_has_exactly_the_fields_of_the_contract() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let first = app.send(record(&tenant, &income(&patient), "1")).await;
    let mut fields: Vec<_> = first.data().as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "amountMinor",
            "balanceMinor",
            "createdAt",
            "currency",
            "id",
            "occurredOn",
            "patientId",
            "receiptId",
            "receiptNumber",
            "source",
            "transactionId",
            "type",
        ]
    );
}

#[tokio::test]
async fn its_id_is_there_as_every_resources_and_as_transaction_id_in_what_is_recorded_replayed_and_read() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let request = record(&tenant, &income(&patient), "1");
    let recorded = app.send(request.clone()).await;
    let address = recorded.header("location").unwrap();

    let replayed = app.send(request).await;
    let read = app.send(TestRequest::get(address).token(tenant.owner())).await;

    let id = app.database.value("SELECT id FROM billing.transfers").await;
    for answer in [&recorded, &replayed, &read] {
        assert_eq!((&answer.data()["id"], &answer.data()["transactionId"]), (&json!(id), &json!(id)));
    }
    assert!(address.ends_with(&id));
    // What was stored before replies had an `id` is still answered.
    let stored = app.database.value("SELECT reply ? 'id' FROM kernel.idempotency_keys").await;
    assert_eq!(stored, "f");
}

mod race {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use testkit::{TestApp, TestResponse};
    use tokio_postgres::{Client, NoTls};

    /// Which of two first rows is second is decided within microseconds. With a second unique index on balances, every
    /// second to fourth round of these found it on two cores.
    const ROUNDS: usize = 40;
    const AT_ONCE: usize = 8;

    /// Lets a table be read and not written, until it opens.
    struct Gate {
        client: Client,
        table: &'static str,
    }

    impl Gate {
        async fn of(app: &TestApp, table: &'static str) -> Self {
            let url = app.database.url("postgres");
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            Self { client, table }
        }

        async fn close(&self) {
            let lock = format!("BEGIN; LOCK TABLE {} IN SHARE MODE", self.table);
            self.client.batch_execute(&lock).await.unwrap();
        }

        /// Once so many wait, or in a second: a session that waits for longer gives up.
        async fn open_to(&self, crowd: usize) {
            let waiting = format!(
                "SELECT count(*) AS waiting FROM pg_locks WHERE relation = '{}'::regclass AND NOT granted",
                self.table
            );
            for _ in 0..200 {
                let row = self.client.query_typed_one(&waiting, &[]).await.unwrap();
                if usize::try_from(row.get::<_, i64>("waiting")) == Ok(crowd) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.client.batch_execute("COMMIT").await.unwrap();
        }

        /// Sends all of these to the closed gate, and opens it once they stand there.
        async fn rush(&self, app: &Arc<TestApp>, requests: Vec<TestRequest>) -> Vec<TestResponse> {
            // Behind the pooler there is one session for all, and nobody meets anybody.
            let crowd = if app.database.is_pooled() { 1 } else { requests.len() };
            self.close().await;
            let at_the_gate = Arc::clone(app);
            let running = tokio::spawn(async move { at_the_gate.send_at_once(requests).await });
            self.open_to(crowd).await;
            running.await.unwrap()
        }
    }

    #[tokio::test]
    async fn the_first_transactions_of_a_patient_all_count_though_they_come_at_once() {
        let (app, tenant) = app().await;
        let gate = Gate::of(&app, "billing.balances").await;

        for round in 0..ROUNDS {
            let patient = patient(&app, &tenant).await;
            let first = |number| record(&tenant, &income(&patient), &format!("{round} {number}"));
            for answer in gate.rush(&app, (0..AT_ONCE).map(first).collect()).await {
                assert_eq!(answer.status, 201, "round {round}: {}", answer.text);
            }
        }

        let whole = format!(
            "SELECT count(*) FROM billing.balances WHERE seq = {AT_ONCE} AND balance_minor = {AT_ONCE} * 15000"
        );
        assert_eq!(app.database.value(&whole).await, ROUNDS.to_string());
        let recorded = app.database.value("SELECT count(*) FROM billing.transfers").await;
        assert_eq!(recorded, (ROUNDS * AT_ONCE).to_string());
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn the_first_incomes_of_a_clinic_are_numbered_from_1_though_they_come_at_once() {
        let app = app().await.0;
        let gate = Gate::of(&app, "billing.receipt_counters").await;
        for round in 0..10 {
            let tenant = app.tenant().await;
            let mut requests = Vec::new();
            for number in 0..AT_ONCE {
                let patient = patient(&app, &tenant).await;
                requests.push(record(&tenant, &income(&patient), &number.to_string()));
            }
            let answers = gate.rush(&app, requests).await;
            assert_eq!(numbers(&answers), (1..=8).collect::<Vec<_>>(), "round {round}");
        }
        assert_receipts_agree(&app).await;
    }

    /// The numbers of the receipts in these answers, in order.
    fn numbers(answers: &[TestResponse]) -> Vec<i64> {
        let numbers = answers.iter().filter_map(|answer| answer.json["data"]["receiptNumber"].as_i64());
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort_unstable();
        numbers
    }

    #[tokio::test]
    async fn incomes_at_once_have_numbers_without_a_gap_though_a_third_is_rolled_back_behind_its_number() {
        let (app, tenant) = app().await;
        // Asked at the very end, when everything else is written.
        let refuse = "CREATE FUNCTION billing.refuse_some() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN IF NEW.amount_minor % 3 = 0 THEN RAISE EXCEPTION 'refused'; END IF; RETURN NULL; END $$;
                      CREATE CONSTRAINT TRIGGER refuse_some AFTER INSERT ON billing.receipts
                          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing.refuse_some()";
        app.database.run(refuse).await;
        let mut requests = Vec::new();
        for number in 0..32 {
            let patient = patient(&app, &tenant).await;
            let mut body = income(&patient);
            body["amountMinor"] = json!(number + 1);
            requests.push(record(&tenant, &body, &number.to_string()));
        }

        let answers = app.send_at_once(requests).await;

        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        let expected: Vec<_> = (1..=32).map(|amount| if amount % 3 == 0 { 500 } else { 201 }).collect();
        assert_eq!(statuses, expected);
        assert_eq!(numbers(&answers), (1..=22).collect::<Vec<_>>());
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "22");
        assert_books_balance(&app).await;
        assert_receipts_agree(&app).await;
    }

    #[tokio::test]
    async fn who_waits_for_a_balance_holds_up_no_other_patients_number() {
        let (app, tenant) = app().await;
        if app.database.is_pooled() {
            return;
        }
        let (held, other) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
        app.send(record(&tenant, &income(&held), "1")).await;
        let (holder, connection) =
            tokio_postgres::connect(&app.database.url("postgres"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let lock = format!("BEGIN; UPDATE billing.balances SET seq = seq WHERE patient_id = '{held}'");
        holder.batch_execute(&lock).await.unwrap();
        let (at_the_balance, request) = (Arc::clone(&app), record(&tenant, &income(&held), "2"));
        let waiting = tokio::spawn(async move { at_the_balance.send(request).await });
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        for _ in 0..200 {
            if app.database.value(waits).await == "1" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }

        let passed = app.send(record(&tenant, &income(&other), "3")).await;

        assert_eq!((passed.status, &passed.data()["receiptNumber"]), (201, &json!(2)), "{}", passed.text);
        holder.batch_execute("COMMIT").await.unwrap();
        assert_eq!(waiting.await.unwrap().data()["receiptNumber"], 3);
        assert_receipts_agree(&app).await;
    }

    #[tokio::test]
    async fn of_those_that_charge_for_one_thing_at_once_one_does() {
        let (app, tenant) = app().await;
        let patients = [patient(&app, &tenant).await, patient(&app, &tenant).await];
        let requests =
            (0..16).map(|number| record(&tenant, &charge(&patients[number % 2], THING), &number.to_string()));

        let answers = app.send_at_once(requests.collect()).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let refused = answers.iter().filter(|answer| answer.status != 201);
        assert!(refused.into_iter().all(|answer| answer.refusal() == (409, "SOURCE_ALREADY_CHARGED")));
        let moved = "SELECT count(*), sum(balance_minor) FROM billing.balances";
        assert_eq!(app.database.rows(moved).await, [["1", "-5000"]]);
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn a_hundred_transactions_at_once_on_one_patient_lose_none() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let requests = (0..100).map(|number| {
            let mut body = income(&patient);
            body["amountMinor"] = json!(number + 1);
            body["type"] = json!(if number % 4 == 0 { "expense" } else { "income" });
            record(&tenant, &body, &number.to_string())
        });

        let mut waiting: Vec<TestRequest> = requests.collect();

        // All queue for one row. Whoever waits too long is told to come again, and comes with the same key.
        for _ in 0..20 {
            let mut answers = app.send_at_once(waiting.clone()).await.into_iter();
            waiting.retain(|_| {
                let answer = answers.next().unwrap();
                assert!(matches!(answer.status, 201 | 503), "{} {}", answer.status, answer.text);
                answer.status == 503
            });
        }

        assert!(waiting.is_empty(), "{} never had their turn", waiting.len());
        let expected: i64 =
            (0..100).map(|number| if number % 4 == 0 { -(number + 1) } else { number + 1 }).sum();
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], expected);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "100");
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.outbox").await, "100");
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn fifty_at_once_with_one_key_make_one_and_answer_the_same_bytes() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let requests = (0..50).map(|_| record(&tenant, &income(&patient), "one"));

        let answers = app.send_at_once(requests.collect()).await;

        assert!(
            answers.iter().all(|answer| answer.status == 201),
            "{:?}",
            answers.iter().find(|a| a.status != 201)
        );
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
        assert_eq!(first, 1);
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "1");
    }
}

mod integrity {
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn how_an_amount_and_an_id_are_spelled_makes_no_other_payment() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let body = |patient: &str, amount: &str, rest: &str| {
            format!(
                "{{\"patientId\":\"{patient}\",\"type\":\"income\",\"amountMinor\":{amount},\"currency\":\"BRL\",\
                  \"method\":\"pix\"{rest}}}"
            )
        };
        let pay = |body: &str| {
            TestRequest::post("/api/v1/transactions", &json!({})).text(body).token(tenant.owner()).key("k")
        };
        assert_eq!(app.send(pay(&body(&patient, "100", ""))).await.status, 201);
        for same in [
            body(&patient, "100.0", ""),
            body(&patient, "1e2", ""),
            body(&patient.to_uppercase(), "100", ""),
            body(&patient, "100", ",\"description\":null"),
        ] {
            let again = app.send(pay(&same)).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{same} {}", again.text);
        }
        for other in [body(&patient, "101", ""), body(&patient, "100", ",\"description\":\"d\"")] {
            assert_eq!(app.send(pay(&other)).await.refusal(), (422, "IDEMPOTENCY_KEY_REUSED"), "{other}");
        }
        assert_eq!(app.database.value("SELECT sum(balance_minor) FROM billing.balances").await, "100");
    }

    #[tokio::test]
    async fn what_was_stored_before_there_were_receipts_is_still_answered() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.send(record(&tenant, &income(&patient), "k")).await;
        let before = "UPDATE kernel.idempotency_keys
                         SET reply = reply - 'source' - 'receiptId' - 'receiptNumber' - 'occurredOn'";
        app.database.run(before).await;

        let again = app.send(record(&tenant, &income(&patient), "k")).await;

        assert_eq!(
            (again.status, again.header("idempotency-replayed")),
            (201, Some("true")),
            "{}",
            again.text
        );
        for field in ["source", "receiptId", "receiptNumber", "occurredOn"] {
            assert_eq!(again.data()[field], Value::Null, "{field}");
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.receipts").await, "1");
    }

    #[tokio::test]
    async fn a_thing_is_charged_for_once_in_each_clinic_also_after_the_charge_was_taken_back() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let (own, foreign) = (patient(&app, &tenant).await, patient(&app, &other).await);
        let charged = app.send(record(&tenant, &charge(&own, THING), "1")).await;
        assert_eq!(app.send(record(&other, &charge(&foreign, THING), "1")).await.status, 201);
        let path = format!("{}/reversal", charged.header("location").unwrap());
        let taken = app.send(TestRequest::post(&path, &json!({})).token(tenant.owner()).key("r")).await;
        assert_eq!((taken.status, &taken.data()["balanceMinor"]), (201, &json!(0)), "{}", taken.text);

        let again = app.send(record(&tenant, &charge(&own, THING), "2")).await;
        let another =
            app.send(record(&tenant, &charge(&own, "01890a5d-ac96-774b-bcce-b302099a8058"), "3")).await;

        assert_eq!(again.refusal(), (409, "SOURCE_ALREADY_CHARGED"));
        assert_eq!((another.status, &another.data()["balanceMinor"]), (201, &json!(-5_000)));
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn what_is_refused_takes_no_number() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut tomorrow = income(&patient);
        tomorrow["occurredOn"] = json!("2999-01-01");
        let mut dollars = income(&patient);
        dollars["currency"] = json!("USD");
        for (key, body) in [("1", tomorrow), ("2", dollars), ("3", income(THING))] {
            assert!(app.send(record(&tenant, &body, key)).await.status >= 400);
        }
        assert_eq!(app.send(record(&tenant, &income(&patient), "4")).await.data()["receiptNumber"], 1);
        assert_receipts_agree(&app).await;
    }

    #[tokio::test]
    async fn a_key_with_another_body_is_refused_and_moves_nothing() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut other = income(&patient);
        other["amountMinor"] = json!(15_001);
        app.send(record(&tenant, &income(&patient), "k")).await;

        let refused = app.send(record(&tenant, &other, "k")).await;

        assert_eq!(refused.refusal(), (422, "IDEMPOTENCY_KEY_REUSED"));
        assert_eq!(app.database.value("SELECT balance_minor FROM billing.balances").await, "15000");
    }

    #[tokio::test]
    async fn another_callers_same_key_is_a_key_of_its_own() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let (own, foreign) = (patient(&app, &tenant).await, patient(&app, &other).await);
        let by_accountant = record(&tenant, &income(&own), "k").token(tenant.token(Role::Accountant));

        let answers = [
            app.send(record(&tenant, &income(&own), "k")).await,
            app.send(by_accountant).await,
            app.send(record(&other, &income(&foreign), "k")).await,
        ];

        for answer in answers {
            assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, None));
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "3");
    }

    #[tokio::test]
    async fn a_key_is_free_again_after_24_hours() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.send(record(&tenant, &income(&patient), "k")).await;
        let token = |app: &testkit::TestApp| {
            let owner = tenant.principal(Role::Owner);
            app.signer.issue(&owner, owner.user_id, shared::clock::Clock::now(&*app.clock)).unwrap()
        };

        app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_micros(1));
        let before = app.send(record(&tenant, &income(&patient), "k").token(&token(&app))).await;
        app.clock.advance(SignedDuration::from_micros(1));
        let after = app.send(record(&tenant, &income(&patient), "k").token(&token(&app))).await;

        assert_eq!(before.header("idempotency-replayed"), Some("true"));
        assert_eq!((after.status, after.header("idempotency-replayed")), (201, None));
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "2");
    }

    #[tokio::test]
    async fn unknown_and_another_clinics_patients_are_not_found_and_archived_ones_may_pay() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = patient(&app, &other).await;
        let archived = patient(&app, &tenant).await;
        app.database
            .run(&format!("UPDATE patients.patients SET deleted_at = now() WHERE id = '{archived}'"))
            .await;
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";

        for (number, id) in [foreign.as_str(), unknown].into_iter().enumerate() {
            let refused = app.send(record(&tenant, &income(id), &number.to_string())).await;
            assert_eq!(refused.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.balances").await, "0");
        assert_eq!(app.send(record(&tenant, &income(&archived), "a")).await.status, 201);
    }

    #[tokio::test]
    async fn another_currency_is_refused_before_and_after_the_first_transaction() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut dollars = income(&patient);
        dollars["currency"] = json!("USD");

        let before = app.send(record(&tenant, &dollars, "1")).await;
        app.send(record(&tenant, &income(&patient), "2")).await;
        let after = app.send(record(&tenant, &dollars, "3")).await;

        assert_eq!(before.refusal(), (422, "CURRENCY_MISMATCH"));
        assert_eq!(after.refusal(), (422, "CURRENCY_MISMATCH"));
        assert_eq!(app.database.value("SELECT balance_minor FROM billing.balances").await, "15000");
    }

    #[tokio::test]
    async fn the_role_of_the_module_can_neither_change_nor_delete_a_transfer() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.send(record(&tenant, &income(&patient), "k")).await;
        for sql in [
            "UPDATE billing.transfers SET amount_minor = 1",
            "DELETE FROM billing.transfers",
            "TRUNCATE billing.transfers",
            "DELETE FROM kernel.audit_log",
            "SELECT * FROM patients.patients",
            "SELECT * FROM identity.accounts",
            "SELECT * FROM kernel.outbox",
        ] {
            let refused = app.database.run_as("billing", sql).await;
            assert_eq!(refused.unwrap_err(), "42501", "insufficient privilege: {sql}");
        }
    }
}

mod boundary {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use shared::clock::Clock as _;

    #[tokio::test]
    async fn each_type_has_its_own_fields() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let source = json!({ "kind": "external", "id": THING });
        let payer = json!({ "name": "Beatriz Lima" });
        let owed = charge(&patient, THING);
        let paid = income(&patient);
        let mut spent = paid.clone();
        spent["type"] = json!("expense");
        let with = |body: &Value, fields: &[(&str, &Value)]| {
            let mut body = body.clone();
            for (field, value) in fields {
                body[*field] = (*value).clone();
            }
            body
        };
        let (pix, none) = (json!("pix"), Value::Null);
        for (body, told) in [
            (with(&paid, &[("method", &none)]), vec![("/method", "METHOD_REQUIRED")]),
            (with(&spent, &[("method", &none)]), vec![("/method", "METHOD_REQUIRED")]),
            (with(&paid, &[("source", &source)]), vec![("/source", "NOT_OF_THIS_TYPE")]),
            (with(&spent, &[("source", &source)]), vec![("/source", "NOT_OF_THIS_TYPE")]),
            (with(&spent, &[("payer", &payer)]), vec![("/payer", "NOT_OF_THIS_TYPE")]),
            (with(&owed, &[("source", &none)]), vec![("/source", "SOURCE_REQUIRED")]),
            (with(&owed, &[("method", &pix)]), vec![("/method", "NOT_OF_THIS_TYPE")]),
            (
                with(
                    &owed,
                    &[("method", &pix), ("source", &none), ("payer", &payer), ("amountMinor", &json!(0))],
                ),
                vec![
                    ("/amountMinor", "OUT_OF_RANGE"),
                    ("/method", "NOT_OF_THIS_TYPE"),
                    ("/payer", "NOT_OF_THIS_TYPE"),
                    ("/source", "SOURCE_REQUIRED"),
                ],
            ),
            // What a type has says nothing while nobody knows the type.
            (with(&owed, &[("type", &json!("gift"))]), vec![("/type", "INVALID_CHOICE")]),
            (
                with(&owed, &[("source", &json!({ "kind": "order", "id": THING }))]),
                vec![("/source/kind", "INVALID_CHOICE")],
            ),
            (
                with(&owed, &[("source", &json!({ "kind": "external", "id": "1" }))]),
                vec![("/source/id", "INVALID_UUID")],
            ),
            (with(&owed, &[("source", &json!(7))]), vec![("/source", "INVALID_TYPE")]),
        ] {
            let refused = app.send(record(&tenant, &body, "k")).await;
            assert_eq!((refused.status, refused.details()), (400, told), "{body}");
        }
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "0");
    }

    #[tokio::test]
    async fn a_payers_name_has_1_to_255_letters_and_no_text_has_the_number_of_a_card() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let (number, longest) = ("4242 4242 4242 4242", "B".repeat(255));
        for (payer, told) in [
            (json!({}), ("/payer/name", "REQUIRED")),
            (json!({ "name": "" }), ("/payer/name", "TOO_SHORT")),
            (json!({ "name": format!("{longest}B") }), ("/payer/name", "TOO_LONG")),
            (json!({ "name": number }), ("/payer/name", "CARD_DATA_NOT_ACCEPTED")),
            (json!({ "name": "B", "document": number }), ("/payer/document", "CARD_DATA_NOT_ACCEPTED")),
            (json!({ "name": "B", "email": "b" }), ("/payer/email", "INVALID_EMAIL")),
            (json!({ "name": "B", "phone": "1" }), ("/payer/phone", "UNKNOWN_FIELD")),
        ] {
            let mut body = income(&patient);
            body["payer"] = payer;
            let refused = app.send(record(&tenant, &body, "k")).await;
            assert_eq!((refused.status, refused.details()), (400, vec![told]), "{body}");
        }
        let mut body = income(&patient);
        body["description"] = json!(format!("paid by {number}"));
        let refused = app.send(record(&tenant, &body, "k")).await;
        assert_eq!(refused.details(), [("/description", "CARD_DATA_NOT_ACCEPTED")]);
        body["description"] = Value::Null;
        body["payer"] = json!({ "name": longest });
        assert_eq!(app.send(record(&tenant, &body, "k")).await.status, 201);
    }

    #[tokio::test]
    async fn days_begin_with_1900() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        for (key, day, expected) in [
            ("1", "1899-12-31", Some("OCCURRED_ON_TOO_EARLY")),
            ("2", "1900-01-01", None),
            ("3", "2026-02-29", Some("INVALID_DATE")),
            ("4", "2026-1-5", Some("INVALID_DATE")),
        ] {
            let mut body = income(&patient);
            body["occurredOn"] = json!(day);
            let answer = app.send(record(&tenant, &body, key)).await;
            match expected {
                None => assert_eq!((answer.status, &answer.data()["occurredOn"]), (201, &json!(day))),
                Some(code) => assert_eq!(answer.refusal(), (400, code), "{day}"),
            }
        }
    }

    #[tokio::test]
    async fn today_is_the_clinics_and_tomorrow_is_refused_until_it_comes_on_days_of_23_24_and_25_hours() {
        let (app, first) = app().await;
        // The last second of a day at the clinic, and the next one; with the day and the next one. New York's 10 March has 23 hours and
        // its 3 November 25, and Santiago's 8 September begins at one o'clock.
        for (zone, last_second, today, tomorrow) in [
            ("America/New_York", "2030-03-10T04:59:59Z", "2030-03-09", "2030-03-10"),
            ("America/New_York", "2030-03-11T03:59:59Z", "2030-03-10", "2030-03-11"),
            ("America/Sao_Paulo", "2030-06-15T02:59:59Z", "2030-06-14", "2030-06-15"),
            ("America/Santiago", "2030-09-08T03:59:59Z", "2030-09-07", "2030-09-08"),
            ("America/New_York", "2030-11-03T03:59:59Z", "2030-11-02", "2030-11-03"),
            ("America/New_York", "2030-11-04T04:59:59Z", "2030-11-03", "2030-11-04"),
            ("Pacific/Kiritimati", "2030-12-31T09:59:59Z", "2030-12-31", "2031-01-01"),
        ] {
            let at = last_second.parse::<Timestamp>().unwrap();
            app.clock.advance(at.duration_since(app.clock.now()));
            let tenant = app.tenant_with_id(first.clinic).await;
            let set =
                format!("UPDATE identity.clinics SET time_zone = '{zone}' WHERE id = '{}'", first.clinic);
            app.database.run(&set).await;
            let patient = patient(&app, &tenant).await;
            let on = |day: Value, key: &str| {
                let mut body = income(&patient);
                body["occurredOn"] = day;
                record(&tenant, &body, &format!("{zone} {last_second} {key}"))
            };

            let now = app.send(on(Value::Null, "now")).await;
            assert_eq!((now.status, &now.data()["occurredOn"]), (201, &json!(today)), "{zone} {}", now.text);
            assert_eq!(app.send(on(json!(today), "today")).await.status, 201, "{zone} {today}");
            let refused = app.send(on(json!(tomorrow), "tomorrow")).await;
            let told = ((422, "OCCURRED_ON_IN_FUTURE"), vec![("/occurredOn", "OCCURRED_ON_IN_FUTURE")]);
            assert_eq!((refused.refusal(), refused.details()), told, "{zone} {tomorrow}");

            app.clock.advance(SignedDuration::from_secs(1));
            let now = app.send(on(Value::Null, "a second later")).await;
            assert_eq!(now.data()["occurredOn"], tomorrow, "{zone} {}", now.text);
            // What was refused has left nothing behind its key.
            let come = app.send(on(json!(tomorrow), "tomorrow")).await;
            assert_eq!(
                (come.status, come.header("idempotency-replayed")),
                (201, None),
                "{zone} {}",
                come.text
            );
        }
        assert_receipts_agree(&app).await;
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn amounts_are_whole_minor_units_from_1_to_the_largest() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let largest = 99_999_999_999_i64;
        let cases = [
            (json!(1), None),
            (json!(largest), None),
            (json!(2.0), None),
            (json!(0), Some("OUT_OF_RANGE")),
            (json!(-1), Some("OUT_OF_RANGE")),
            (json!(largest + 1), Some("OUT_OF_RANGE")),
            (json!(1.5), Some("INVALID_TYPE")),
            (json!("1"), Some("INVALID_TYPE")),
            (json!(null), Some("INVALID_TYPE")),
        ];
        for (number, (amount, expected)) in cases.into_iter().enumerate() {
            let mut body = income(&patient);
            body["amountMinor"] = amount.clone();
            let answer = app.send(record(&tenant, &body, &number.to_string())).await;
            match expected {
                None => assert_eq!(answer.status, 201, "{amount} {}", answer.text),
                Some(code) => assert_eq!(answer.refusal(), (400, code), "{amount}"),
            }
        }
        assert_eq!(app.database.value("SELECT balance_minor FROM billing.balances").await, "100000000002");
    }

    #[tokio::test]
    async fn what_is_no_currency_at_all_is_refused_before_anything_is_looked_up() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        for currency in ["", "BR", "brl", "000", "BRLX"] {
            let mut body = income(&patient);
            body["currency"] = json!(currency);
            let answer = app.send(record(&tenant, &body, "k")).await;
            assert_eq!(answer.refusal(), (400, "INVALID_CURRENCY"), "{currency}");
        }
    }

    #[tokio::test]
    async fn the_key_is_required_and_its_form_is_checked_with_everything_else() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let without = TestRequest::post("/api/v1/transactions", &income(&patient)).token(tenant.owner());
        let mut bad = income(&patient);
        bad["type"] = json!("gift");

        let missing = app.send(without.clone()).await;
        let malformed = app.send(without.key(&"k".repeat(256))).await;
        let both = app.send(TestRequest::post("/api/v1/transactions", &bad).token(tenant.owner())).await;

        assert_eq!(missing.refusal(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
        assert_eq!(malformed.refusal(), (400, "IDEMPOTENCY_KEY_INVALID"));
        assert_eq!(
            both.details(),
            [("/type", "INVALID_CHOICE"), ("/idempotency-key", "IDEMPOTENCY_KEY_REQUIRED")]
        );
        assert_eq!(app.database.value("SELECT count(*) FROM billing.transfers").await, "0");
    }
}
