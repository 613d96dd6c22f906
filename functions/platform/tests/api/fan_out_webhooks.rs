use super::webhooks::{add, deliveries, enqueue, event, stage};
use futures_util::future::join_all;
use serde_json::json;
use testkit::Ask;

#[tokio::test]
async fn every_endpoint_that_wants_an_event_has_a_delivery_of_it() {
    let (stage, tenant) = stage().await;
    add(&stage, &tenant, "https://a.example/").await;
    add(&stage, &tenant, "https://b.example/").await;
    let other = json!({ "url": "https://c.example/", "kinds": ["patient.updated"] });
    stage.ask(Ask::post("/api/v1/webhook-endpoints", &other).token(tenant.owner())).await;
    enqueue(&stage, &tenant, "patient.created").await;
    let sql = "SELECT e.url FROM platform.webhook_deliveries d JOIN platform.webhook_endpoints e ON e.id = d.endpoint_id
                ORDER BY e.url";
    assert_eq!(stage.database.rows(sql).await, [["https://a.example/"], ["https://b.example/"]]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_event_taken_by_many_at_once_is_delivered_once() {
        let (stage, tenant) = stage().await;
        add(&stage, &tenant, "https://a.example/").await;
        let event = event(&stage, &tenant, "patient.created");
        for taken in join_all((0..8).map(|_| stage.take("fan-out-webhooks", &event))).await {
            taken.unwrap();
        }
        assert_eq!(deliveries(&stage).await, ["waiting"]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn no_other_clinic_and_no_disabled_or_deleted_endpoint_hears_of_it() {
        let (stage, tenant) = stage().await;
        let other = stage.tenant().await;
        add(&stage, &other, "https://other.example/").await;
        let deleted = add(&stage, &tenant, "https://deleted.example/").await;
        stage.ask(Ask::new("DELETE", deleted.header("location").unwrap()).token(tenant.owner())).await;
        add(&stage, &tenant, "https://disabled.example/").await;
        let disable = "UPDATE platform.webhook_endpoints SET disabled_at = now() WHERE url LIKE '%disabled%'";
        stage.database.run(disable).await;
        enqueue(&stage, &tenant, "patient.created").await;
        assert!(deliveries(&stage).await.is_empty());
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn twenty_endpoints_have_twenty_deliveries_and_none_have_none() {
        let (stage, tenant) = stage().await;
        enqueue(&stage, &tenant, "patient.created").await;
        assert!(deliveries(&stage).await.is_empty());
        for number in 0..20 {
            add(&stage, &tenant, &format!("https://a.example/{number}")).await;
        }
        enqueue(&stage, &tenant, "patient.created").await;
        assert_eq!(deliveries(&stage).await.len(), 20);
    }
}
