use super::{app, card, lost, patient, pay};
use jiff::SignedDuration;
use serde_json::Value;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/payments?{query}")).token(tenant.owner())).await
}

/// Makes so many payments, a minute apart; every third is declined, the last one pending.
async fn payments(app: &TestApp, tenant: &Tenant, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 1..=count {
        app.clock.advance(SignedDuration::from_mins(1));
        let patient = patient(app, tenant).await;
        if number == count {
            lost(app, tenant, &patient, "pm_sandbox_lost", &number.to_string()).await;
        } else {
            let method = if number % 3 == 0 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
            app.send(pay(tenant, &card(&patient, method), &number.to_string())).await;
        }
        ids.push(super::payment_of(app, &patient).await);
    }
    ids
}

fn ids(answer: &TestResponse) -> Vec<&str> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_come_first_page_by_page() {
    let (app, tenant) = app().await;
    let mut all = payments(&app, &tenant, 5).await;
    all.reverse();

    let first = list(&app, &tenant, "limit=2&includeTotal=true").await;
    assert_eq!(
        (ids(&first), &first.json["meta"]["total"]),
        (vec![all[0].as_str(), &all[1]], &Value::from(5))
    );
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
async fn filters_choose_by_patient_state_and_time() {
    let (app, tenant) = app().await;
    let all = payments(&app, &tenant, 5).await;
    let sql = format!("SELECT patient_id FROM billing.payments WHERE id = '{}'", all[0]);
    let patient = app.database.value(&sql).await;
    assert_eq!(ids(&list(&app, &tenant, &format!("patientId={patient}")).await), [&all[0]]);
    assert_eq!(ids(&list(&app, &tenant, "status=failed").await), [&all[2]]);
    assert_eq!(ids(&list(&app, &tenant, "status=pending&includeTotal=true").await), [&all[4]]);
    assert_eq!(ids(&list(&app, &tenant, "status=succeeded").await), [&all[3], &all[1], &all[0]]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_payment_made_while_others_page_stands_before_the_pages_still_to_come() {
        let (app, tenant) = app().await;
        let all = payments(&app, &tenant, 4).await;
        let first = list(&app, &tenant, "limit=2").await;
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
        app.clock.advance(SignedDuration::from_mins(1));
        let newcomer = patient(&app, &tenant).await;
        app.send(pay(&tenant, &card(&newcomer, "pm_card_visa"), "new")).await;
        let second = list(&app, &tenant, &format!("limit=2&cursor={cursor}")).await;
        assert_eq!(ids(&second), [&all[1], &all[0]]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_payments_are_not_listed_and_a_cursor_is_its_filters() {
        let (app, tenant) = app().await;
        let all = payments(&app, &tenant, 3).await;
        let other = app.tenant().await;
        assert_eq!(ids(&list(&app, &other, "").await), [] as [&str; 0]);
        let first = list(&app, &tenant, "limit=1").await;
        assert_eq!(ids(&first), [&all[2]]);
        let cursor = first.json["meta"]["nextCursor"].as_str().unwrap();
        let refused = list(&app, &tenant, &format!("status=failed&cursor={cursor}")).await;
        assert_eq!(refused.refusal(), (400, "INVALID_CURSOR"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn from_is_within_and_to_is_not() {
        let (app, tenant) = app().await;
        let start = app.clock.now();
        let all = payments(&app, &tenant, 3).await;
        let at = |minutes: i64| (start + SignedDuration::from_mins(minutes)).to_string();
        let within = list(&app, &tenant, &format!("from={}&to={}", at(1), at(3))).await;
        assert_eq!(ids(&within), [&all[1], &all[0]]);
        let just_after = start + SignedDuration::from_mins(1) + SignedDuration::from_micros(1);
        let later = list(&app, &tenant, &format!("from={just_after}")).await;
        assert_eq!(ids(&later), [&all[2], &all[1]]);
    }

    #[tokio::test]
    async fn an_empty_window_and_an_unknown_state_are_told() {
        let (app, tenant) = app().await;
        let empty = list(&app, &tenant, "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z").await;
        assert_eq!(
            (empty.refusal(), empty.details()),
            ((400, "WINDOW_EMPTY"), vec![("/to", "WINDOW_EMPTY")])
        );
        assert_eq!(list(&app, &tenant, "status=paid").await.refusal(), (400, "INVALID_CHOICE"));
        assert_eq!(list(&app, &tenant, "limit=101").await.refusal(), (400, "OUT_OF_RANGE"));
    }
}
