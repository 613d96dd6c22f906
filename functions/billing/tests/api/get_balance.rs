use super::{app, balance, income, patient, record};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

#[tokio::test]
async fn a_balance_is_what_was_paid_in_the_clinics_currency() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let before = balance(&app, &tenant, &patient).await;
    app.send(record(&tenant, &income(&patient), "k")).await;
    let after = balance(&app, &tenant, &patient).await;
    assert_eq!((&before.data()["balanceMinor"], &before.data()["currency"]), (&json!(0), &json!("BRL")));
    assert_eq!(after.data()["balanceMinor"], 15_000);
    assert!(after.data()["asOf"].is_string());
}

#[tokio::test]
async fn each_patient_has_a_balance_of_its_own_and_who_paid_nothing_has_none() {
    let (app, tenant) = app().await;
    let mut patients = Vec::new();
    for amount in [0, 700, 11, 3_000] {
        let patient = patient(&app, &tenant).await;
        for number in 0..amount.min(2) {
            let mut body = income(&patient);
            body["amountMinor"] = json!(amount + number);
            assert_eq!(app.send(record(&tenant, &body, &format!("{amount} {number}"))).await.status, 201);
        }
        patients.push((patient, if amount == 0 { 0 } else { 2 * amount + 1 }));
    }
    for (patient, expected) in patients {
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], expected);
    }
}

/// The balance by this query.
async fn of(app: &TestApp, tenant: &Tenant, patient: &str, query: &str) -> TestResponse {
    let address = format!("/api/v1/patients/{patient}/balance?{query}");
    app.send(TestRequest::get(&address).token(tenant.owner())).await
}

/// So many incomes of 1, 2, 3 … minor units, a minute apart.
async fn incomes(app: &TestApp, tenant: &Tenant, patient: &str, count: i64) {
    for amount in 1..=count {
        app.clock.advance(SignedDuration::from_secs(1));
        let mut body = income(patient);
        body["amountMinor"] = json!(amount);
        assert_eq!(app.send(record(tenant, &body, &format!("of {amount}"))).await.status, 201);
    }
}

#[tokio::test]
async fn it_is_what_it_was_at_every_instant_and_says_why() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let start = app.clock.now();
    incomes(&app, &tenant, &patient, 4).await;
    let mut expense = income(&patient);
    expense["type"] = json!("expense");
    expense["amountMinor"] = json!(7);
    app.clock.advance(SignedDuration::from_secs(1));
    app.send(record(&tenant, &expense, "expense")).await;
    app.clock.advance(SignedDuration::from_mins(1));

    for (seconds, expected) in [(0, 0), (1, 1), (2, 3), (3, 6), (4, 10), (5, 3), (60, 3)] {
        let at = start + SignedDuration::from_secs(seconds);
        let read = of(&app, &tenant, &patient, &format!("asOf={at}")).await;
        assert_eq!(read.data()["balanceMinor"], expected, "{seconds}");
        assert_eq!(read.data()["asOf"].as_str().unwrap().parse::<Timestamp>().unwrap(), at);
        assert!(read.data()["entries"].is_null() && read.data()["carriedForwardMinor"].is_null());
    }
    let explained = of(&app, &tenant, &patient, "explain=true").await;
    let data = explained.data();
    assert_eq!((&data["balanceMinor"], &data["carriedForwardMinor"]), (&json!(3), &json!(0)));
    let told: Vec<_> = data["entries"].as_array().unwrap().iter().collect();
    let moved: Vec<_> = told.iter().map(|entry| entry["movedMinor"].as_i64().unwrap()).collect();
    let after: Vec<_> = told.iter().map(|entry| entry["balanceMinor"].as_i64().unwrap()).collect();
    assert_eq!((moved, after), (vec![-7, 4, 3, 2, 1], vec![3, 10, 6, 3, 1]));
    assert_eq!(told[0]["type"], "expense");
    let nobody = super::patient(&app, &tenant).await;
    let empty = of(&app, &tenant, &nobody, "explain=true").await;
    assert_eq!((&empty.data()["balanceMinor"], &empty.data()["entries"]), (&json!(0), &json!([])));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn explained_among_writers_its_parts_are_its_whole() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut requests = Vec::new();
        for number in 0..24 {
            requests.push(record(&tenant, &income(&patient), &number.to_string()));
            let address = format!("/api/v1/patients/{patient}/balance?explain=true");
            requests.push(TestRequest::get(&address).token(tenant.owner()));
        }
        let answers = app.send_at_once(requests).await;
        let reads: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(reads.len(), 24);
        for read in reads {
            let entries = read.data()["entries"].as_array().unwrap();
            let sum: i64 = entries.iter().map(|entry| entry["movedMinor"].as_i64().unwrap()).sum();
            assert_eq!(
                read.data()["balanceMinor"],
                sum + read.data()["carriedForwardMinor"].as_i64().unwrap()
            );
            assert_eq!(read.data()["isFinal"], false);
        }
    }

    #[tokio::test]
    async fn a_reader_among_writers_sees_the_sum_of_what_is_committed() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut requests = Vec::new();
        for number in 0..30 {
            requests.push(record(&tenant, &income(&patient), &number.to_string()));
            requests
                .push(TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner()));
        }

        let answers = app.send_at_once(requests).await;

        for read in answers.iter().filter(|answer| answer.status == 200) {
            let minor = read.data()["balanceMinor"].as_i64().unwrap();
            assert_eq!((minor % 15_000, (0..=450_000).contains(&minor)), (0, true), "{minor}");
        }
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 450_000);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_and_unknown_patients_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = patient(&app, &other).await;
        for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(balance(&app, &tenant, id).await.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
    }

    #[tokio::test]
    async fn a_clinician_does_not_see_money() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let request = TestRequest::get(&format!("/api/v1/patients/{patient}/balance"))
            .token(tenant.token(Role::Clinician));
        assert_eq!(app.send(request).await.refusal(), (403, "PERMISSION_DENIED"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_is_yet_to_come_is_refused_and_what_may_yet_come_is_said() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let now = app.clock.now();
        for (microseconds, is_final) in [(0, false), (14_999_999, false), (15_000_000, true)] {
            let at = now - SignedDuration::from_micros(microseconds);
            let read = of(&app, &tenant, &patient, &format!("asOf={at}")).await;
            assert_eq!(read.data()["isFinal"], is_final, "{microseconds}");
        }
        let future = now + SignedDuration::from_micros(1);
        let refused = of(&app, &tenant, &patient, &format!("asOf={future}")).await;
        assert_eq!(refused.refusal(), (400, "AS_OF_IN_FUTURE"));
        assert_eq!(of(&app, &tenant, &patient, "explain=maybe").await.status, 400);
    }

    #[tokio::test]
    async fn a_hundred_entries_are_told_and_what_is_before_is_carried_forward() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        incomes(&app, &tenant, &patient, 100).await;
        for (more, carried) in [(0, 0), (101, 1)] {
            if more > 0 {
                app.clock.advance(SignedDuration::from_secs(1));
                let mut body = income(&patient);
                body["amountMinor"] = json!(more);
                app.send(record(&tenant, &body, "more")).await;
            }
            let read = of(&app, &tenant, &patient, "explain=true").await;
            assert_eq!(read.data()["entries"].as_array().unwrap().len(), 100);
            assert_eq!(read.data()["carriedForwardMinor"], carried);
        }
    }

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        assert_eq!(balance(&app, &tenant, "7").await.refusal(), (400, "INVALID_UUID"));
    }
}
