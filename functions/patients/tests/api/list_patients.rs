use super::{address_of_new, app};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/patients{query}")).token(tenant.owner())).await
}

fn names(answer: &TestResponse) -> Vec<String> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["fullName"].as_str().unwrap().to_owned()).collect()
}

/// Adds patients a second apart.
async fn add_in_order(app: &TestApp, tenant: &Tenant, names: &[&str]) {
    for name in names {
        address_of_new(app, tenant, name).await;
        app.clock.advance(SignedDuration::from_secs(1));
    }
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_and_say_where_they_are() {
    let (app, tenant) = app().await;
    let other = app.tenant().await;
    add_in_order(&app, &tenant, &["a", "b", "c"]).await;
    address_of_new(&app, &other, "of another clinic").await;

    let first = list(&app, &tenant, "?limit=2&includeTotal=true").await;
    let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
    let second = list(&app, &tenant, &format!("?limit=2&cursor={cursor}")).await;

    assert_eq!(names(&first), ["c", "b"]);
    let meta = &first.json["meta"];
    assert_eq!(
        (&meta["page"], &meta["total"], &meta["totalIsLowerBound"]),
        (&1.into(), &3.into(), &false.into())
    );
    assert_eq!(
        first.header("link"),
        Some(format!("</api/v1/patients?limit=2&cursor={cursor}>; rel=\"next\"").as_str())
    );
    assert_eq!(names(&second), ["a"]);
    let meta = &second.json["meta"];
    assert_eq!((&meta["page"], &meta["hasMore"], &meta["total"]), (&2.into(), &false.into(), &Value::Null));
    assert_eq!((&meta["nextCursor"], second.header("link")), (&Value::Null, None));
}

#[tokio::test]
async fn of_everybody_on_the_page_and_of_nobody_else_the_audit_log_knows_who_saw_them() {
    let (app, tenant) = app().await;
    add_in_order(&app, &tenant, &["a", "b", "c"]).await;
    let page = list(&app, &tenant, "?limit=2").await;
    let shown: BTreeSet<_> = page.data().as_array().unwrap().iter().map(|it| it["id"].to_string()).collect();
    let rows = "SELECT to_json(about)::text FROM kernel.audit_log WHERE action = 'patient.listed'";
    let noted: BTreeSet<_> = app.database.rows(rows).await.into_iter().flatten().collect();
    assert_eq!((shown.len(), &noted), (2, &shown));
    assert!(list(&app, &app.tenant().await, "").await.data().as_array().unwrap().is_empty());
    assert_eq!(app.database.rows(rows).await.len(), 2, "an empty page shows nobody");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn whoever_is_added_while_somebody_pages_is_seen_at_most_once_and_pushes_nobody_out() {
        let (app, tenant) = app().await;
        add_in_order(&app, &tenant, &["a", "b", "c", "d", "e"]).await;
        let mut seen = Vec::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&app, &tenant, &query).await;
            seen.extend(names(&page));
            add_in_order(&app, &tenant, &["late"]).await;
            let Some(cursor) = page.json["meta"]["nextCursor"].as_str() else {
                break;
            };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn patients_added_in_the_same_instant_appear_once_each() {
        let (app, tenant) = app().await;
        for number in 0..7 {
            address_of_new(&app, &tenant, &number.to_string()).await;
        }
        let mut seen = BTreeSet::new();
        let mut query = "?limit=1".to_owned();
        for _ in 0..7 {
            let page = list(&app, &tenant, &query).await;
            assert!(seen.insert(names(&page).pop().unwrap()));
            query = format!("?limit=1&cursor={}", page.json["meta"]["nextCursor"].as_str().unwrap_or(""));
        }
        assert_eq!(seen.len(), 7);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn limits_run_from_1_to_100_and_20_is_the_default() {
        let (app, tenant) = app().await;
        for bad in ["0", "101", "-1", "1.5", "x", ""] {
            let refused = list(&app, &tenant, &format!("?limit={bad}")).await;
            assert_eq!(refused.status, 400, "{bad}");
            assert_eq!(refused.details()[0].0, "/limit");
        }
        for (query, limit) in [("", 20), ("?limit=1", 1), ("?limit=100", 100)] {
            assert_eq!(list(&app, &tenant, query).await.json["meta"]["limit"], limit);
        }
    }

    #[tokio::test]
    async fn a_tampered_cursor_and_repeated_or_unknown_parameters_are_refused() {
        let (app, tenant) = app().await;
        add_in_order(&app, &tenant, &["a", "b"]).await;
        let page = list(&app, &tenant, "?limit=1").await;
        let cursor = page.json["meta"]["nextCursor"].as_str().unwrap();
        let turned: String = cursor.chars().rev().collect();
        let cases = [
            (format!("?cursor={turned}"), "INVALID_CURSOR"),
            ("?cursor=AAAA".to_owned(), "INVALID_CURSOR"),
            ("?limit=1&limit=1".to_owned(), "REPEATED_PARAMETER"),
            ("?page=2".to_owned(), "UNKNOWN_PARAMETER"),
        ];
        for (query, code) in cases {
            assert_eq!(list(&app, &tenant, &query).await.refusal(), (400, code), "{query}");
        }
    }

    #[tokio::test]
    async fn an_empty_clinic_has_an_empty_page() {
        let (app, tenant) = app().await;
        let page = list(&app, &tenant, "?includeTotal=true").await;
        assert_eq!((names(&page).len(), &page.json["meta"]["total"]), (0, &0.into()));
    }
}
