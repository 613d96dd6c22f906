use super::{app, assert_books_balance, balance, income, patient, record};
use serde_json::json;
use shared::access::Role;
use testkit::TestRequest;

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
        ["amountMinor", "balanceMinor", "createdAt", "currency", "id", "patientId", "transactionId", "type"]
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
    use testkit::TestApp;
    use tokio_postgres::{Client, NoTls};

    /// Which of two first rows is second is decided within microseconds. With a second unique index on balances, every
    /// second to fourth round of these found it on two cores.
    const ROUNDS: usize = 40;
    const AT_ONCE: usize = 8;

    /// Lets balances be read and not written, until it opens.
    struct Gate(Client);

    impl Gate {
        async fn of(app: &TestApp) -> Self {
            let url = app.database.url("postgres");
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            Self(client)
        }

        async fn close(&self) {
            self.0.batch_execute("BEGIN; LOCK TABLE billing.balances IN SHARE MODE").await.unwrap();
        }

        /// Once so many wait, or in a second: a session that waits for longer gives up.
        async fn open_to(&self, crowd: usize) {
            let waiting = "SELECT count(*) AS waiting FROM pg_locks
                            WHERE relation = 'billing.balances'::regclass AND NOT granted";
            for _ in 0..200 {
                let row = self.0.query_typed_one(waiting, &[]).await.unwrap();
                if usize::try_from(row.get::<_, i64>("waiting")) == Ok(crowd) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.0.batch_execute("COMMIT").await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_first_transactions_of_a_patient_all_count_though_they_come_at_once() {
        let (app, tenant) = app().await;
        let gate = Gate::of(&app).await;
        // Behind the pooler there is one session for all, and nobody meets anybody.
        let crowd = if app.database.is_pooled() { 1 } else { AT_ONCE };

        for round in 0..ROUNDS {
            let patient = patient(&app, &tenant).await;
            let first = |number| record(&tenant, &income(&patient), &format!("{round} {number}"));
            let requests = (0..AT_ONCE).map(first).collect();
            gate.close().await;
            let at_the_gate = Arc::clone(&app);
            let running = tokio::spawn(async move { at_the_gate.send_at_once(requests).await });
            gate.open_to(crowd).await;
            for answer in running.await.unwrap() {
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
