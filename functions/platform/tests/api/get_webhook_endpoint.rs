use super::webhooks::{add, stage};
use testkit::Ask;

#[tokio::test]
async fn an_endpoint_is_read_by_its_clinic() {
    let (stage, tenant) = stage().await;
    let made = add(&stage, &tenant, "https://a.example/x").await;
    let found = stage.ask(Ask::get(made.header("location").unwrap()).token(tenant.owner())).await;
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
        let (stage, tenant) = stage().await;
        let made = add(&stage, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        let mut asks = vec![Ask::new("DELETE", address).token(tenant.owner())];
        asks.extend((0..10).map(|_| Ask::get(address).token(tenant.owner())));
        for answer in stage.ask_at_once(asks).await {
            match answer.status {
                200 => assert_eq!(answer.data()["url"], "https://a.example/"),
                204 => {}
                _ => assert_eq!(answer.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND")),
            }
        }
        assert_eq!(stage.ask(Ask::get(address).token(tenant.owner())).await.status, 404);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_endpoint_is_not_found() {
        let (stage, tenant) = stage().await;
        let other = stage.tenant().await;
        let foreign = add(&stage, &other, "https://a.example/").await;
        let found = stage.ask(Ask::get(foreign.header("location").unwrap()).token(tenant.owner())).await;
        assert_eq!(found.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (stage, tenant) = stage().await;
        let found = stage.ask(Ask::get("/api/v1/webhook-endpoints/7").token(tenant.owner())).await;
        assert_eq!(found.refusal(), (400, "INVALID_UUID"));
    }
}
