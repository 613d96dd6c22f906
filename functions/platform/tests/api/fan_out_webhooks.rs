use super::webhooks::{add, add_pending, app, deliveries, enqueue, event};
use futures_util::future::join_all;
use serde_json::json;
use testkit::TestRequest;

#[tokio::test]
async fn every_endpoint_that_wants_an_event_has_a_delivery_of_it() {
    let (app, tenant) = app().await;
    add(&app, &tenant, "https://a.example/").await;
    add(&app, &tenant, "https://b.example/").await;
    let other = json!({ "url": "https://c.example/", "kinds": ["patient.updated"] });
    app.send(TestRequest::post("/api/v1/webhook-endpoints", &other).token(tenant.owner())).await;
    app.database.run("UPDATE platform.webhook_endpoints SET is_confirmed = true").await;
    enqueue(&app, &tenant, "patient.created").await;
    let sql = "SELECT e.url FROM platform.webhook_deliveries d JOIN platform.webhook_endpoints e ON e.id = d.endpoint_id
                WHERE d.kind = 'patient.created' ORDER BY e.url";
    assert_eq!(app.database.rows(sql).await, [["https://a.example/"], ["https://b.example/"]]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_event_taken_by_many_at_once_is_delivered_once() {
        let (app, tenant) = app().await;
        add(&app, &tenant, "https://a.example/").await;
        let event = event(&app, &tenant, "patient.created");
        for taken in join_all((0..8).map(|_| app.take("fan-out-webhooks", &event))).await {
            taken.unwrap();
        }
        assert_eq!(deliveries(&app).await, ["waiting"]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn no_other_clinic_and_no_pending_disabled_or_deleted_endpoint_hears_of_it() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        add(&app, &other, "https://other.example/").await;
        let deleted = add(&app, &tenant, "https://deleted.example/").await;
        app.send(TestRequest::new("DELETE", deleted.header("location").unwrap()).token(tenant.owner())).await;
        add(&app, &tenant, "https://disabled.example/").await;
        let disable = "UPDATE platform.webhook_endpoints SET disabled_at = now() WHERE url LIKE '%disabled%'";
        app.database.run(disable).await;
        add_pending(&app, &tenant, "https://pending.example/").await;
        enqueue(&app, &tenant, "patient.created").await;
        assert_eq!(
            app.database.rows("SELECT kind FROM platform.webhook_deliveries").await,
            [["webhook.test"]]
        );
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn twenty_endpoints_have_twenty_deliveries_and_none_have_none() {
        let (app, tenant) = app().await;
        enqueue(&app, &tenant, "patient.created").await;
        assert!(deliveries(&app).await.is_empty());
        for number in 0..20 {
            add(&app, &tenant, &format!("https://a.example/{number}")).await;
        }
        enqueue(&app, &tenant, "patient.created").await;
        assert_eq!(deliveries(&app).await.len(), 20);
    }
}
