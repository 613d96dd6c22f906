use super::webhooks::{add, app, deliveries, enqueue};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn delete(app: &TestApp, tenant: &Tenant, address: &str) -> TestResponse {
    app.send(TestRequest::new("DELETE", address).token(tenant.owner())).await
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_its_address_free_and_what_waits_for_it_dropped() {
    let (app, tenant) = app().await;
    let made = add(&app, &tenant, "https://a.example/").await;
    enqueue(&app, &tenant, "patient.created").await;
    assert_eq!(deliveries(&app).await, ["waiting"]);

    let deleted = delete(&app, &tenant, made.header("location").unwrap()).await;

    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deliveries(&app).await, ["dropped"]);
    assert_eq!(add(&app, &tenant, "https://a.example/").await.status, 201);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_ten_deletions_at_once_one_finds_it() {
        let (app, tenant) = app().await;
        let made = add(&app, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        let requests = (0..10).map(|_| TestRequest::new("DELETE", address).token(tenant.owner())).collect();
        let answers = app.send_at_once(requests).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 204) {
            assert_eq!(answer.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_endpoint_is_not_deleted() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = add(&app, &other, "https://a.example/").await;
        let address = foreign.header("location").unwrap();
        assert_eq!(delete(&app, &tenant, address).await.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
        assert_eq!(app.send(TestRequest::get(address).token(other.owner())).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_second_deletion_finds_nothing() {
        let (app, tenant) = app().await;
        let made = add(&app, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        assert_eq!(delete(&app, &tenant, address).await.status, 204);
        assert_eq!(delete(&app, &tenant, address).await.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
    }
}
