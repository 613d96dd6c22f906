use super::webhooks::{add, deliveries, enqueue, stage};
use testkit::{Answer, Ask, Stage, Tenant};

async fn delete(stage: &Stage, tenant: &Tenant, address: &str) -> Answer {
    stage.ask(Ask::new("DELETE", address).token(tenant.owner())).await
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_its_address_free_and_what_waits_for_it_dropped() {
    let (stage, tenant) = stage().await;
    let made = add(&stage, &tenant, "https://a.example/").await;
    enqueue(&stage, &tenant, "patient.created").await;
    assert_eq!(deliveries(&stage).await, ["waiting"]);

    let deleted = delete(&stage, &tenant, made.header("location").unwrap()).await;

    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deliveries(&stage).await, ["dropped"]);
    assert_eq!(add(&stage, &tenant, "https://a.example/").await.status, 201);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_ten_deletions_at_once_one_finds_it() {
        let (stage, tenant) = stage().await;
        let made = add(&stage, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        let asks = (0..10).map(|_| Ask::new("DELETE", address).token(tenant.owner())).collect();
        let answers = stage.ask_at_once(asks).await;
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
        let (stage, tenant) = stage().await;
        let other = stage.tenant().await;
        let foreign = add(&stage, &other, "https://a.example/").await;
        let address = foreign.header("location").unwrap();
        assert_eq!(delete(&stage, &tenant, address).await.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
        assert_eq!(stage.ask(Ask::get(address).token(other.owner())).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_second_deletion_finds_nothing() {
        let (stage, tenant) = stage().await;
        let made = add(&stage, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        assert_eq!(delete(&stage, &tenant, address).await.status, 204);
        assert_eq!(delete(&stage, &tenant, address).await.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
    }
}
