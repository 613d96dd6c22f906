use super::{app, card, pay, receipt, taken_back};
use crate::money::patient;
use jiff::SignedDuration;
use serde_json::json;
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/receipts?{query}")).token(tenant.owner())).await
}

/// So many payments of two patients in turn, a minute apart: the ids of their receipts, and the patients.
async fn receipts(app: &TestApp, tenant: &Tenant, count: usize) -> (Vec<String>, [String; 2]) {
    let patients = [patient(app, tenant).await, patient(app, tenant).await];
    let mut ids = Vec::new();
    for number in 0..count {
        app.clock.advance(SignedDuration::from_mins(1));
        let body = card(&patients[number % 2], "pm_card_visa");
        let paid = app.send(pay(tenant, &body, &number.to_string())).await;
        ids.push(paid.data()["receiptId"].as_str().unwrap().to_owned());
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
    let (mut all, _) = receipts(&app, &tenant, 5).await;
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
async fn a_patients_are_listed_alone_each_as_it_is_read_alone() {
    let (app, tenant) = app().await;
    let (all, patients) = receipts(&app, &tenant, 3).await;
    let own = list(&app, &tenant, &format!("patientId={}&includeTotal=true", patients[0])).await;
    assert_eq!((ids(&own), &own.json["meta"]["total"]), (vec![all[2].as_str(), &all[0]], &json!(2)));
    assert_eq!(&own.data()[0], receipt(&app, &tenant, &all[2]).await.data());
    let numbers: Vec<_> = list(&app, &tenant, "").await.data().as_array().unwrap().clone();
    assert_eq!(numbers.iter().map(|item| item["number"].as_i64().unwrap()).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test]
async fn who_may_not_read_receipts_is_told_so() {
    let (app, tenant) = app().await;
    let asked = TestRequest::get("/api/v1/receipts").token(tenant.token(Role::Clinician));
    assert_eq!(app.send(asked).await.refusal(), (403, "PERMISSION_DENIED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn what_is_issued_while_others_page_is_neither_repeated_nor_in_the_way() {
        let (app, tenant) = app().await;
        let (all, patients) = receipts(&app, &tenant, 4).await;
        let first = list(&app, &tenant, "limit=2").await;
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
        app.clock.advance(SignedDuration::from_mins(1));
        app.send(pay(&tenant, &card(&patients[0], "pm_card_visa"), "new")).await;
        let second = list(&app, &tenant, &format!("limit=2&cursor={cursor}")).await;
        assert_eq!(ids(&second), [&all[1], &all[0]]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_receipts_are_not_listed_and_a_cursor_is_its_filters() {
        let (app, tenant) = app().await;
        let (all, patients) = receipts(&app, &tenant, 3).await;
        let other = app.tenant().await;
        assert_eq!(ids(&list(&app, &other, "").await), [] as [&str; 0]);
        assert_eq!(ids(&list(&app, &other, &format!("patientId={}", patients[0])).await), [] as [&str; 0]);
        let first = list(&app, &tenant, "limit=1").await;
        assert_eq!(ids(&first), [&all[2]]);
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap();
        let foreign = list(&app, &tenant, &format!("patientId={}&cursor={cursor}", patients[0])).await;
        assert_eq!(foreign.refusal(), (400, "INVALID_CURSOR"));
    }

    #[tokio::test]
    async fn one_whose_money_was_taken_back_is_listed_as_such() {
        let (app, tenant) = app().await;
        let (_, after) = taken_back(&app, &tenant).await;
        assert_eq!(
            (&after["status"], &list(&app, &tenant, "").await.data()[0]),
            (&json!("returned"), &after)
        );
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn from_is_within_and_to_is_not() {
        let (app, tenant) = app().await;
        let start = app.clock.now();
        let (all, _) = receipts(&app, &tenant, 3).await;
        let at = |minutes: i64| (start + SignedDuration::from_mins(minutes)).to_string();
        let within = list(&app, &tenant, &format!("from={}&to={}", at(1), at(3))).await;
        assert_eq!(ids(&within), [&all[1], &all[0]]);
    }

    #[tokio::test]
    async fn an_empty_window_and_too_large_a_page_are_told() {
        let (app, tenant) = app().await;
        let empty = list(&app, &tenant, "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z").await;
        assert_eq!(
            (empty.refusal(), empty.details()),
            ((400, "WINDOW_EMPTY"), vec![("/to", "WINDOW_EMPTY")])
        );
        assert_eq!(list(&app, &tenant, "limit=101").await.refusal(), (400, "OUT_OF_RANGE"));
    }
}
