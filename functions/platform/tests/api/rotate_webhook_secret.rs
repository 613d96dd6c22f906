use super::webhooks::{add, app};
use jiff::SignedDuration;
use shared::clock::Clock as _;
use std::collections::BTreeSet;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn rotate(app: &TestApp, tenant: &Tenant, address: &str) -> TestResponse {
    app.send(TestRequest::new("POST", &format!("{address}/secret")).token(tenant.owner())).await
}

/// How many secrets sign at this instant.
async fn signing(app: &TestApp) -> String {
    let sql = format!(
        "SELECT count(*) FROM platform.webhook_secrets WHERE expires_at IS NULL OR expires_at > '{}'",
        app.clock.now()
    );
    app.database.value(&sql).await
}

#[tokio::test]
async fn a_new_secret_is_shown_and_the_one_before_signs_for_another_day() {
    let (app, tenant) = app().await;
    let made = add(&app, &tenant, "https://a.example/").await;
    let address = made.header("location").unwrap();

    let rotated = rotate(&app, &tenant, address).await;

    assert_eq!(rotated.status, 201, "{}", rotated.text);
    assert_ne!(rotated.data()["secret"], made.data()["secret"]);
    let day_later = app.clock.now() + SignedDuration::from_hours(24);
    assert_eq!(rotated.data()["previousSecretUntil"], day_later.to_string());
    assert_eq!(signing(&app).await, "2");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_many_rotations_at_once_each_gives_another_secret_and_the_last_two_sign() {
        let (app, tenant) = app().await;
        let made = add(&app, &tenant, "https://a.example/").await;
        let address = format!("{}/secret", made.header("location").unwrap());
        let requests = (0..10).map(|_| TestRequest::new("POST", &address).token(tenant.owner())).collect();
        let answers = app.send_at_once(requests).await;
        let secrets: BTreeSet<_> =
            answers.iter().map(|answer| answer.data()["secret"].as_str().unwrap()).collect();
        assert_eq!(secrets.len(), 10);
        assert_eq!(signing(&app).await, "2");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_secret_is_not_rotated() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = add(&app, &other, "https://a.example/").await;
        let refused = rotate(&app, &tenant, foreign.header("location").unwrap()).await;
        assert_eq!(refused.refusal(), (404, "WEBHOOK_ENDPOINT_NOT_FOUND"));
        assert_eq!(signing(&app).await, "1");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn the_secret_before_ends_after_a_day_and_the_one_before_that_at_once() {
        let (app, tenant) = app().await;
        let made = add(&app, &tenant, "https://a.example/").await;
        let address = made.header("location").unwrap();
        rotate(&app, &tenant, address).await;
        rotate(&app, &tenant, address).await;
        assert_eq!(signing(&app).await, "2");
        app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
        assert_eq!(signing(&app).await, "2");
        app.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(signing(&app).await, "1");
    }
}
