use super::webhooks::{add, stage};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use testkit::{Answer, Ask, Stage, Tenant};

async fn list(stage: &Stage, tenant: &Tenant, query: &str) -> Answer {
    stage.ask(Ask::get(&format!("/api/v1/webhook-endpoints{query}")).token(tenant.owner())).await
}

fn urls(answer: &Answer) -> Vec<String> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_and_hold_the_own_clinics_alone() {
    let (stage, tenant) = stage().await;
    let other = stage.tenant().await;
    for name in ["a", "b", "c"] {
        add(&stage, &tenant, &format!("https://{name}.example/")).await;
        stage.clock.advance(SignedDuration::from_secs(1));
    }
    add(&stage, &other, "https://other.example/").await;

    let first = list(&stage, &tenant, "?limit=2&includeTotal=true").await;
    let cursor = first.json["meta"]["nextCursor"].as_str().unwrap().to_owned();
    let second = list(&stage, &tenant, &format!("?limit=2&cursor={cursor}")).await;

    assert_eq!(urls(&first), ["https://c.example/", "https://b.example/"]);
    assert_eq!(first.json["meta"]["total"], 3);
    assert_eq!(urls(&second), ["https://a.example/"]);
    assert_eq!(second.json["meta"]["hasMore"], false);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn what_is_added_while_somebody_pages_is_not_in_the_way() {
        let (stage, tenant) = stage().await;
        for name in ["a", "b", "c"] {
            add(&stage, &tenant, &format!("https://{name}.example/")).await;
            stage.clock.advance(SignedDuration::from_secs(1));
        }
        let mut seen = Vec::new();
        let mut query = "?limit=1".to_owned();
        for late in 0.. {
            let page = list(&stage, &tenant, &query).await;
            seen.extend(urls(&page));
            add(&stage, &tenant, &format!("https://late.example/{late}")).await;
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
        let (stage, tenant) = stage().await;
        for number in 0..5 {
            add(&stage, &tenant, &format!("https://a.example/{number}")).await;
        }
        let gone = add(&stage, &tenant, "https://gone.example/").await;
        stage.ask(Ask::new("DELETE", gone.header("location").unwrap()).token(tenant.owner())).await;
        let mut seen = BTreeSet::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&stage, &tenant, &query).await;
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
        let (stage, tenant) = stage().await;
        for bad in ["0", "101"] {
            assert_eq!(
                list(&stage, &tenant, &format!("?limit={bad}")).await.refusal(),
                (400, "OUT_OF_RANGE")
            );
        }
        assert_eq!(list(&stage, &tenant, "?limit=100").await.json["meta"]["limit"], 100);
        assert_eq!(list(&stage, &tenant, "?cursor=AAAA").await.refusal(), (400, "INVALID_CURSOR"));
    }
}
