use super::webhooks::{add, app};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/webhook-endpoints{query}")).token(tenant.owner())).await
}

fn urls(answer: &TestResponse) -> Vec<String> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_and_hold_the_own_clinics_alone() {
    let (app, tenant) = app().await;
    let other = app.tenant().await;
    for name in ["a", "b", "c"] {
        add(&app, &tenant, &format!("https://{name}.example/")).await;
        app.clock.advance(SignedDuration::from_secs(1));
    }
    add(&app, &other, "https://other.example/").await;

    let first = list(&app, &tenant, "?limit=2&includeTotal=true").await;
    let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
    let second = list(&app, &tenant, &format!("?limit=2&cursor={cursor}")).await;

    assert_eq!(urls(&first), ["https://c.example/", "https://b.example/"]);
    assert_eq!(first.json["meta"]["total"], 3);
    assert_eq!(urls(&second), ["https://a.example/"]);
    assert_eq!(second.json["meta"]["hasMore"], false);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn what_is_added_while_somebody_pages_is_not_in_the_way() {
        let (app, tenant) = app().await;
        for name in ["a", "b", "c"] {
            add(&app, &tenant, &format!("https://{name}.example/")).await;
            app.clock.advance(SignedDuration::from_secs(1));
        }
        let mut seen = Vec::new();
        let mut query = "?limit=1".to_owned();
        for late in 0.. {
            let page = list(&app, &tenant, &query).await;
            seen.extend(urls(&page));
            add(&app, &tenant, &format!("https://late.example/{late}")).await;
            let Some(cursor) = page.json["meta"]["nextCursor"].as_str() else { break };
            query = format!("?limit=1&cursor={cursor}");
        }
        assert_eq!(seen, ["https://c.example/", "https://b.example/", "https://a.example/"]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn endpoints_made_in_one_instant_appear_once_each_and_deleted_ones_never() {
        let (app, tenant) = app().await;
        for number in 0..5 {
            add(&app, &tenant, &format!("https://a.example/{number}")).await;
        }
        let gone = add(&app, &tenant, "https://gone.example/").await;
        app.send(TestRequest::new("DELETE", gone.header("location").unwrap()).token(tenant.owner())).await;
        let mut seen = BTreeSet::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&app, &tenant, &query).await;
            for url in urls(&page) {
                assert!(seen.insert(url));
            }
            let Some(cursor) = page.json["meta"]["nextCursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!(seen.len(), 5);
        assert!(!seen.contains("https://gone.example/"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn limits_run_from_1_to_100_and_cursors_of_other_lists_are_refused() {
        let (app, tenant) = app().await;
        for bad in ["0", "101"] {
            assert_eq!(list(&app, &tenant, &format!("?limit={bad}")).await.refusal(), (400, "OUT_OF_RANGE"));
        }
        assert_eq!(list(&app, &tenant, "?limit=100").await.json["meta"]["limit"], 100);
        assert_eq!(list(&app, &tenant, "?cursor=AAAA").await.refusal(), (400, "INVALID_CURSOR"));
    }
}
