use super::webhooks::{add, app};
use testkit::TestRequest;

#[tokio::test]
async fn an_endpoint_is_read_by_its_clinic() {
    let (app, tenant) = app().await;
    let made = add(&app, &tenant, "https://a.example/x").await;
    let found = app.send(TestRequest::get(made.header("location").unwrap()).token(tenant.owner())).await;
    assert_eq!(found.status, 200);
    assert_eq!(
        (&found.data()["url"], &found.data()["disabledAt"]),
        (&"https://a.example/x".into(), &().into())
    );
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reader_beside_a_deletion_sees_all_of_it_or_nothing() {
        let (app, tenant) = app().await;
        let made = add(&app, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        let mut requests = vec![TestRequest::new("DELETE", address).token(tenant.owner())];
        requests.extend((0..10).map(|_| TestRequest::get(address).token(tenant.owner())));
        for answer in app.send_at_once(requests).await {
            match answer.status {
                200 => assert_eq!(answer.data()["url"], "https://a.example/"),
                204 => {}
                _ => assert_eq!(answer.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND")),
            }
        }
        assert_eq!(app.send(TestRequest::get(address).token(tenant.owner())).await.status, 404);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_endpoint_is_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = add(&app, &other, "https://a.example/").await;
        let found =
            app.send(TestRequest::get(foreign.header("location").unwrap()).token(tenant.owner())).await;
        assert_eq!(found.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        let found = app.send(TestRequest::get("/api/v1/webhook-endpoints/7").token(tenant.owner())).await;
        assert_eq!(found.refusal(), (400, "INVALID_UUID"));
    }
}
