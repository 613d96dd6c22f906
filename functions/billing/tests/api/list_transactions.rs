use super::{app, card, income, pay, record};
use crate::money::patient;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/transactions?{query}")).token(tenant.owner())).await
}

/// Records so many incomes of two patients in turn, a minute apart; their ids, and the patients.
async fn transactions(app: &TestApp, tenant: &Tenant, count: usize) -> (Vec<String>, [String; 2]) {
    let patients = [patient(app, tenant).await, patient(app, tenant).await];
    let mut ids = Vec::new();
    for number in 0..count {
        app.clock.advance(SignedDuration::from_mins(1));
        let recorded = app.send(record(tenant, &income(&patients[number % 2]), &number.to_string())).await;
        ids.push(recorded.data()["id"].as_str().unwrap().to_owned());
    }
    (ids, patients)
}

fn ids(answer: &TestResponse) -> Vec<&str> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_come_first_page_by_page() {
    let (app, tenant) = app().await;
    let (mut all, _) = transactions(&app, &tenant, 5).await;
    all.reverse();

    let first = list(&app, &tenant, "limit=2&includeTotal=true").await;
    assert_eq!((ids(&first), &first.json["meta"]["total"]), (vec![all[0].as_str(), &all[1]], &json!(5)));
    let mut seen: Vec<String> = ids(&first).into_iter().map(str::to_owned).collect();
    let mut cursor = first.json["meta"]["nextCursor"].as_str().map(str::to_owned);
    while let Some(next) = cursor {
        let page = list(&app, &tenant, &format!("limit=2&cursor={next}")).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        cursor = page.json["meta"]["nextCursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn filters_choose_by_patient_type_and_time_and_each_says_what_it_is_for() {
    let (app, tenant) = app().await;
    let (all, patients) = transactions(&app, &tenant, 3).await;
    app.clock.advance(SignedDuration::from_mins(1));
    let paid = app.send(pay(&tenant, &card(&patients[1], "pm_card_visa"), "card")).await;
    let paid = paid.data();

    assert_eq!(ids(&list(&app, &tenant, &format!("patientId={}", patients[0])).await), [&all[2], &all[0]]);
    let payments = list(&app, &tenant, "type=payment&includeTotal=true").await;
    let [payment] = payments.data().as_array().unwrap().as_slice() else { panic!("{}", payments.text) };
    assert_eq!((&payment["id"], &payment["receiptId"]), (&paid["transactionId"], &paid["receiptId"]));
    assert_eq!(payment["source"], json!({ "kind": "payment", "id": paid["paymentId"] }));
    assert_eq!((&payment["balanceMinor"], &payment["method"]), (&json!(30_000), &json!("card")));
    let both = list(&app, &tenant, &format!("patientId={}&type=income", patients[1])).await;
    assert_eq!(ids(&both), [&all[1]]);
    let income = &both.data()[0];
    assert_eq!(
        (&income["source"], &income["reversesId"], &income["reversedBy"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let own =
        app.send(TestRequest::get(&format!("/api/v1/transactions/{}", all[1])).token(tenant.owner())).await;
    assert_eq!(income, own.data(), "as it is read alone");
}

#[tokio::test]
async fn who_may_not_read_the_ledger_is_told_so() {
    let (app, tenant) = app().await;
    let asked = TestRequest::get("/api/v1/transactions").token(tenant.token(Role::Clinician));
    assert_eq!(app.send(asked).await.refusal(), (403, "PERMISSION_DENIED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn what_is_recorded_while_others_page_is_neither_repeated_nor_in_the_way() {
        let (app, tenant) = app().await;
        let (all, patients) = transactions(&app, &tenant, 4).await;
        let first = list(&app, &tenant, "limit=2").await;
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
        app.clock.advance(SignedDuration::from_mins(1));
        app.send(record(&tenant, &income(&patients[0]), "new")).await;
        let second = list(&app, &tenant, &format!("limit=2&cursor={cursor}")).await;
        assert_eq!(ids(&second), [&all[1], &all[0]]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_transactions_are_not_listed_and_a_cursor_is_its_filters() {
        let (app, tenant) = app().await;
        let (all, patients) = transactions(&app, &tenant, 3).await;
        let other = app.tenant().await;
        assert_eq!(ids(&list(&app, &other, "").await), [] as [&str; 0]);
        assert_eq!(ids(&list(&app, &other, &format!("patientId={}", patients[0])).await), [] as [&str; 0]);
        let first = list(&app, &tenant, "limit=1").await;
        assert_eq!(ids(&first), [&all[2]]);
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap();
        let refused = list(&app, &tenant, &format!("type=income&cursor={cursor}")).await;
        assert_eq!(refused.refusal(), (400, "INVALID_CURSOR"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn from_is_within_and_to_is_not() {
        let (app, tenant) = app().await;
        let start = app.clock.now();
        let (all, _) = transactions(&app, &tenant, 3).await;
        let at = |minutes: i64| (start + SignedDuration::from_mins(minutes)).to_string();
        let within = list(&app, &tenant, &format!("from={}&to={}", at(1), at(3))).await;
        assert_eq!(ids(&within), [&all[1], &all[0]]);
    }

    #[tokio::test]
    async fn an_empty_window_and_an_unknown_type_are_told() {
        let (app, tenant) = app().await;
        let empty = list(&app, &tenant, "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z").await;
        assert_eq!(
            (empty.refusal(), empty.details()),
            ((400, "WINDOW_EMPTY"), vec![("/to", "WINDOW_EMPTY")])
        );
        assert_eq!(list(&app, &tenant, "type=gift").await.refusal(), (400, "INVALID_CHOICE"));
        assert_eq!(list(&app, &tenant, "limit=101").await.refusal(), (400, "OUT_OF_RANGE"));
    }
}
