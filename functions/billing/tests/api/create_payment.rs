use super::{app, assert_money_agrees, balance, card, lost, patient, pay, payment, payment_of};
use jiff::SignedDuration;
use payment_sandbox::Fault;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// The body of a reply without the id of its request, which no two share.
fn body(answer: &TestResponse) -> Value {
    let mut body = answer.json.clone();
    body["meta"] = Value::Null;
    body
}

#[tokio::test]
async fn a_card_is_charged_booked_and_receipted() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut asked = card(&patient, "pm_card_visa");
    asked["payer"] =
        json!({ "name": "Beatriz Lima", "document": "529.982.247-25", "email": "b@example.com" });

    let paid = app.send(pay(&tenant, &asked, "1")).await;

    assert_eq!(paid.status, 201, "{}", paid.text);
    let data = paid.data();
    let id = data["paymentId"].as_str().unwrap();
    assert_eq!(paid.header("location"), Some(format!("/api/v1/payments/{id}").as_str()));
    assert_eq!((&data["id"], &data["status"]), (&json!(id), &json!("succeeded")));
    assert_eq!((&data["amountMinor"], &data["balanceMinor"]), (&json!(15_000), &json!(15_000)));
    assert_eq!((&data["receiptNumber"], &data["currency"]), (&json!(1), &json!("BRL")));
    let written = "SELECT t.kind, t.debit_account, t.credit_account, t.method, t.source, t.source_id = p.id, t.description,
                          p.status, p.card_token IS NULL, p.due_at IS NULL, p.payer->>'document', r.number, r.kind,
                          octet_length(r.code), a.action, a.about = p.patient_id
                     FROM billing.payments AS p
                     JOIN billing.transfers AS t ON t.id = p.transaction_id
                     JOIN billing.receipts AS r ON r.transaction_id = t.id
                     JOIN kernel.audit_log AS a ON a.subject_id = p.id";
    let expected = [
        "payment",
        "clearing",
        "patient",
        "card",
        "payment",
        "t",
        "Session of 21 November",
        "succeeded",
        "t",
        "t",
        "529.982.247-25",
        "1",
        "received",
        "16",
        "payment.asked",
        "t",
    ];
    assert_eq!(app.database.rows(written).await, [expected.map(str::to_owned).to_vec()]);
    let events = "SELECT kind, aggregate, seq FROM kernel.outbox ORDER BY kind";
    let expected = [["ledger.transaction_recorded", "ledger", "1"], ["payment.succeeded", "payment", "2"]];
    assert_eq!(app.database.rows(events).await, expected);
    let shown = payment(&app, &tenant, id).await;
    assert_eq!(shown.data()["transactionId"], data["transactionId"]);
    assert_eq!((&shown.data()["receiptId"], &shown.data()["version"]), (&data["receiptId"], &json!(2)));
    let transaction = format!("/api/v1/transactions/{}", data["transactionId"].as_str().unwrap());
    let transaction = app.send(TestRequest::get(&transaction).token(tenant.owner())).await;
    assert_eq!(
        (&transaction.data()["type"], &transaction.data()["method"]),
        (&json!("payment"), &json!("card"))
    );
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn the_provider_is_asked_by_the_payments_id_and_told_nothing_of_people() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut asked = card(&patient, "tok_visa");
    asked["payer"] = json!({ "name": "Canary Payer", "email": "canary@example.com" });
    let paid = app.send(pay(&tenant, &asked, "1")).await;
    let id = paid.data()["paymentId"].as_str().unwrap().to_owned();

    let requests = app.payments.requests();

    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.idempotency_key.as_deref(), Some(id.as_str()));
    let of = |name: &str| request.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((of("amount"), of("currency")), (Some("15000"), Some("brl")));
    assert_eq!(of("metadata[clinicId]"), Some(tenant.clinic.to_string().as_str()));
    assert_eq!(of("metadata[paymentId]"), Some(id.as_str()));
    let said = format!("{:?}", request.form);
    assert!(!said.to_lowercase().contains("canary") && !said.contains("Session"), "{said}");
}

#[tokio::test]
async fn a_declined_card_is_told_and_final_under_its_key() {
    let (app, tenant) = app().await;
    for (number, (method, code)) in [
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedStolenCard", "generic_decline"),
        ("pm_card_chargeDeclinedLostCard", "generic_decline"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ]
    .into_iter()
    .enumerate()
    {
        let patient = patient(&app, &tenant).await;
        let request = pay(&tenant, &card(&patient, method), &number.to_string());
        let refused = app.send(request.clone()).await;
        assert_eq!(refused.refusal(), (402, "CARD_DECLINED"), "{method}");
        assert_eq!(refused.json["declineCode"], code, "{method}: {}", refused.text);
        let again = app.send(request).await;
        assert_eq!(body(&again), body(&refused), "{method}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let shown = payment(&app, &tenant, &payment_of(&app, &patient).await).await;
        assert_eq!((&shown.data()["status"], &shown.data()["declineCode"]), (&json!("failed"), &json!(code)));
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0);
    }
    let failed = "SELECT count(*) FROM kernel.outbox WHERE kind = 'payment.failed'";
    assert_eq!(app.database.value(failed).await, "5");
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn a_card_or_amount_that_the_provider_does_not_take_is_422_with_its_code() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    for (method, code) in [
        ("pm_unknown_to_it", "resource_missing"),
        ("pm_sandbox_tokenUsed", "token_already_used"),
        ("pm_sandbox_amountTooSmall", "amount_too_small"),
    ] {
        let refused = app.send(pay(&tenant, &card(&patient, method), method)).await;
        assert_eq!(refused.refusal(), (422, "PAYMENT_REFUSED"), "{method}");
        assert_eq!(refused.json["failureCode"], code);
    }
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_nobody_answers_is_202_and_found_by_repeating_the_key() {
    let (app, tenant) = app().await;
    let taken = patient(&app, &tenant).await;
    let id = lost(&app, &tenant, &taken, "pm_sandbox_lost", "1").await;
    let request = pay(&tenant, &card(&taken, "pm_sandbox_lost"), "1");
    let too_early = app.send(request.clone()).await;
    assert_eq!(too_early.refusal(), (409, "IDEMPOTENCY_KEY_IN_FLIGHT"));
    assert_eq!(too_early.header("retry-after"), Some("1"));

    app.clock.advance(SignedDuration::from_secs(10));
    let found = app.send(request.clone()).await;
    let again = app.send(request).await;

    assert_eq!((found.status, &found.data()["paymentId"]), (201, &json!(id)), "{}", found.text);
    assert_eq!((again.status, body(&again)), (201, body(&found)));
    assert_eq!(app.payments.charged(&id).len(), 1);
    assert_money_agrees(&app).await;
}

#[tokio::test]
async fn what_the_provider_says_otherwise_is_never_booked_and_waits_for_a_person() {
    let (app, tenant) = app().await;
    for method in ["pm_sandbox_wrongAmount", "pm_sandbox_wrongCurrency", "pm_sandbox_unknownStatus"] {
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, method, method).await;
        let shown = payment(&app, &tenant, &id).await;
        assert_eq!(
            (&shown.data()["status"], &shown.data()["review"]),
            (&json!("pending"), &json!("another_amount"))
        );
        app.clock.advance(SignedDuration::from_secs(11));
        let again = app.send(pay(&tenant, &card(&patient, method), method)).await;
        assert_eq!((again.status, &again.data()["status"]), (202, &json!("pending")), "{method}");
        // The patient is not locked up by it: another card may be taken.
        assert_eq!(
            app.send(pay(&tenant, &card(&patient, "pm_card_visa"), &format!("other than {method}")))
                .await
                .status,
            201
        );
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
    }
}

#[tokio::test]
async fn hostile_answers_are_not_believed() {
    let (app, tenant) = app().await;
    for method in [
        "pm_sandbox_html",
        "pm_sandbox_huge",
        "pm_sandbox_half",
        "pm_sandbox_redirect",
        "pm_sandbox_serverError",
    ] {
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, method, method).await;
        let shown = payment(&app, &tenant, &id).await;
        assert_eq!(
            (&shown.data()["status"], &shown.data()["review"]),
            (&json!("pending"), &Value::Null),
            "{method}"
        );
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 0, "{method}");
    }
}

#[tokio::test]
async fn who_may_take_cards_is_the_front_desk_and_no_clinician() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    for (role, status) in [(Role::FrontDesk, 201), (Role::Accountant, 201), (Role::Clinician, 403)] {
        let request = TestRequest::post("/api/v1/payments", &card(&patient, "pm_card_visa"));
        let answer = app.send(request.token(tenant.token(role)).key("1")).await;
        assert_eq!(answer.status, status, "{role:?}");
    }
}

#[tokio::test]
async fn the_clinics_own_account_is_charged_and_stays_with_the_payment() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let set = format!(
        "UPDATE identity.clinics SET provider_account = 'acct_1' WHERE id = '{}' RETURNING 1",
        tenant.clinic
    );
    app.database.value(&set).await;
    let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
    app.database.value(&set.replace("acct_1", "acct_2")).await;
    app.clock.advance(SignedDuration::from_secs(10));
    let found = app.send(pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1")).await;
    assert_eq!((found.status, &found.data()["paymentId"]), (201, &json!(id)));
    let accounts: Vec<_> = app.payments.requests().into_iter().map(|request| request.account).collect();
    assert_eq!(accounts, [Some("acct_1".to_owned()), Some("acct_1".to_owned())]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn fifty_of_one_key_charge_once_and_have_one_answer() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let request = pay(&tenant, &card(&patient, "pm_card_visa"), "one");

        let answers = app.send_at_once(vec![request.clone(); 50]).await;

        let paid: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(!paid.is_empty());
        for answer in &answers {
            let in_flight = answer.status == 409 && answer.code() == "IDEMPOTENCY_KEY_IN_FLIGHT";
            assert!(in_flight || body(answer) == body(paid[0]), "{}", answer.text);
        }
        let again = app.send(request).await;
        assert_eq!((again.status, body(&again)), (201, body(paid[0])));
        assert_eq!(app.payments.intents().len(), 1);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.payments").await, "1");
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn two_keys_of_one_patient_charge_once_at_a_time() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let slow = card(&patient, "pm_sandbox_webhookFirst");
        let requests = ["a", "b", "c", "d"].map(|key| pay(&tenant, &slow, key));

        let answers = app.send_at_once(requests.to_vec()).await;

        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        let refused = answers.iter().filter(|answer| answer.status == 409);
        assert!(refused.into_iter().all(|answer| answer.code() == "PAYMENT_PENDING"));
        assert_eq!(app.payments.intents().len(), 1);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn many_patients_at_once_have_numbers_without_a_gap() {
        let (app, tenant) = app().await;
        let mut requests = Vec::new();
        for number in 0..24 {
            let patient = patient(&app, &tenant).await;
            let method = if number % 3 == 0 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
            requests.push(pay(&tenant, &card(&patient, method), &number.to_string()));
        }

        let answers = app.send_at_once(requests).await;

        let mut numbers: Vec<_> =
            answers.iter().filter_map(|answer| answer.json["data"]["receiptNumber"].as_i64()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn the_reply_twenty_events_and_the_sweeper_settle_once() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.clock.advance(SignedDuration::from_mins(2));
        let events = app.payments.events();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let mut requests = vec![app.tells(event); 20];
        requests.extend(vec![pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1"); 3]);

        let (answers, swept) = tokio::join!(app.send_at_once(requests), app.work("sweep-payments", None));

        swept.unwrap();
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert!(statuses[..20].iter().all(|status| *status == 204), "{statuses:?}");
        assert!(statuses[20..].iter().all(|status| [201, 202].contains(status)), "{statuses:?}");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.provider_events").await, "1");
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
        assert_money_agrees(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_provider_that_was_not_asked_frees_the_key() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let request = pay(&tenant, &card(&patient, "pm_card_visa"), "1");
        for fault in [Fault::Refuse429, Fault::Refuse401, Fault::Refuse403] {
            app.payments.fail_next(fault);
            let refused = app.send(request.clone()).await;
            assert_eq!(refused.refusal(), (503, "PROVIDER_UNAVAILABLE"), "{fault:?}");
            assert_eq!(refused.header("retry-after"), Some("1"));
            let shown = payment(&app, &tenant, &payment_of(&app, &patient).await).await;
            assert_eq!(shown.data()["failureCode"], "NOT_SENT", "{fault:?}");
        }
        let paid = app.send(request).await;
        assert_eq!(paid.status, 201, "{}", paid.text);
        assert_eq!(app.payments.charged(paid.data()["paymentId"].as_str().unwrap()).len(), 1);
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn what_was_lost_before_is_not_given_up_when_the_provider_cannot_be_asked_again() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.clock.advance(SignedDuration::from_secs(10));
        app.payments.fail_next(Fault::Refuse429);
        let request = pay(&tenant, &card(&patient, "pm_sandbox_lost"), "1");

        let waiting = app.send(request.clone()).await;
        let found = app.send(request).await;

        assert_eq!((waiting.status, &waiting.data()["status"]), (202, &json!("pending")));
        assert_eq!((found.status, &found.data()["paymentId"]), (201, &json!(id)));
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn an_open_breaker_is_told_with_its_own_wait() {
        let (app, tenant) = app().await;
        for number in 0..5 {
            app.payments.fail_next(Fault::Error500);
            let patient = patient(&app, &tenant).await;
            lost(&app, &tenant, &patient, "pm_card_visa", &number.to_string()).await;
        }
        let patient = patient(&app, &tenant).await;
        let refused = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "6")).await;
        assert_eq!(refused.refusal(), (503, "PROVIDER_UNAVAILABLE"));
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((29..=30).contains(&wait), "{wait}");
        assert_eq!(app.payments.requests().len(), 5);
    }

    #[tokio::test]
    async fn another_clinics_patient_is_not_found_and_nothing_is_asked() {
        let (app, tenant) = app().await;
        let foreign = patient(&app, &app.tenant().await).await;
        let refused = app.send(pay(&tenant, &card(&foreign, "pm_card_visa"), "1")).await;
        assert_eq!(refused.refusal(), (404, "PATIENT_NOT_FOUND"));
        assert_eq!(app.payments.requests().len(), 0);
        assert_eq!(app.database.value("SELECT count(*) FROM billing.payments").await, "0");
    }

    #[tokio::test]
    async fn the_number_of_a_card_is_refused_and_appears_nowhere() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let number = "4242 4242 4242 4242";
        for (field, value) in [
            ("paymentMethod", json!(number)),
            ("paymentMethod", json!("pm_4242424242424242")),
            ("description", json!(format!("by {number}"))),
            ("description", json!("by 4242\u{2013}4242\u{2013}4242\u{2013}4242")),
            ("payer", json!({ "name": format!("Ana {number}") })),
            ("payer", json!({ "name": "Ana", "document": number })),
            ("payer", json!({ "name": "Ana", "email": "4242424242424242@example.com" })),
        ] {
            let mut asked = card(&patient, "pm_card_visa");
            asked[field] = value;
            let refused = app.send(pay(&tenant, &asked, field)).await;
            assert_eq!(refused.refusal(), (400, "CARD_DATA_NOT_ACCEPTED"), "{field}");
            assert!(!refused.text.contains("4242"), "{}", refused.text);
        }
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.idempotency_keys").await, "0");
        assert_eq!(app.payments.requests().len(), 0);
    }

    #[tokio::test]
    async fn a_key_of_another_payment_is_not_this_ones() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        app.send(pay(&tenant, &card(&patient, "pm_card_visa"), "1")).await;
        let mut other = card(&patient, "pm_card_visa");
        other["amountMinor"] = json!(15_001);
        assert_eq!(app.send(pay(&tenant, &other, "1")).await.refusal(), (422, "IDEMPOTENCY_KEY_REUSED"));
        assert_eq!(app.payments.intents().len(), 1);
    }

    #[tokio::test]
    async fn a_session_that_ends_while_the_provider_is_asked_loses_nothing() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let request = pay(&tenant, &card(&patient, "pm_sandbox_webhookFirst"), "1");
        let sending = tokio::spawn({
            let app = Arc::clone(&app);
            async move { app.send(request).await }
        });
        while app.payments.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        let end = format!(
            "UPDATE identity.sessions SET ended_at = now(), expires_at = now(), end_reason = 'logout' WHERE clinic_id = '{}' RETURNING 1",
            tenant.clinic
        );
        app.database.rows(&end).await;
        let paid = sending.await.unwrap();
        assert_eq!(paid.status, 201, "{}", paid.text);
        assert_money_agrees(&app).await;
    }
}

mod boundary {
    use super::*;

    async fn of_amount(app: &TestApp, tenant: &Tenant, amount: i64) -> TestResponse {
        let patient = patient(app, tenant).await;
        let mut asked = card(&patient, "pm_card_visa");
        asked["amountMinor"] = json!(amount);
        app.send(pay(tenant, &asked, &amount.to_string())).await
    }

    #[tokio::test]
    async fn amounts_are_1_to_99_999_999() {
        let (app, tenant) = app().await;
        for amount in [1, 99_999_999] {
            let paid = of_amount(&app, &tenant, amount).await;
            assert_eq!((paid.status, &paid.data()["amountMinor"]), (201, &json!(amount)), "{}", paid.text);
        }
        for amount in [0, -1, 100_000_000] {
            assert_eq!(of_amount(&app, &tenant, amount).await.refusal(), (400, "OUT_OF_RANGE"), "{amount}");
        }
        assert_money_agrees(&app).await;
    }

    #[tokio::test]
    async fn a_key_is_needed() {
        let (app, tenant) = app().await;
        let asked = card(&patient(&app, &tenant).await, "pm_card_visa");
        let request = TestRequest::post("/api/v1/payments", &asked).token(tenant.owner());
        assert_eq!(app.send(request).await.refusal(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    }

    #[tokio::test]
    async fn another_currency_is_refused_and_one_that_cards_do_not_have_is_told() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        for (currency, amount, refusal) in [
            ("EUR", 15_000, (422, "CURRENCY_MISMATCH")),
            ("KWD", 15_001, (422, "CURRENCY_NOT_CHARGEABLE")),
            ("MGA", 15_001, (422, "CURRENCY_NOT_CHARGEABLE")),
            ("ZZZ", 15_000, (422, "CURRENCY_NOT_CHARGEABLE")),
        ] {
            let mut asked = card(&patient, "pm_card_visa");
            (asked["currency"], asked["amountMinor"]) = (json!(currency), json!(amount));
            assert_eq!(app.send(pay(&tenant, &asked, currency)).await.refusal(), refusal, "{currency}");
        }
        assert_eq!(app.payments.requests().len(), 0);
    }

    #[tokio::test]
    async fn the_day_of_a_payment_is_the_clinics() {
        let (app, tenant) = app().await;
        // 02:59:59 UTC is the evening before in São Paulo, and 03:00:00 its midnight.
        let midnight = "2030-06-15T03:00:00Z".parse::<jiff::Timestamp>().unwrap();
        app.clock.advance(midnight.duration_since(app.clock.now()) - SignedDuration::from_secs(1));
        let tenant = app.tenant_with_id(tenant.clinic).await;
        for (day, second) in [("2030-06-14", 0), ("2030-06-15", 1)] {
            app.clock.advance(SignedDuration::from_secs(second));
            let patient = patient(&app, &tenant).await;
            let paid = app.send(pay(&tenant, &card(&patient, "pm_card_visa"), day)).await;
            let sql = format!(
                "SELECT occurred_on FROM billing.transfers WHERE id = '{}'",
                paid.data()["transactionId"].as_str().unwrap()
            );
            assert_eq!(app.database.value(&sql).await, day);
        }
    }
}
