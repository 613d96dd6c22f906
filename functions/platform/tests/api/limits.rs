//! The limits of what anybody may ask of this module: pages without a database, and events that others sign.

use super::app;
use shared::clock::Clock as _;
use testkit::{SendgridKey, TestApp, TestRequest, Valkey};

async fn limited(redis: Option<&Valkey>) -> TestApp {
    let mut app = app().await;
    app.limit(redis.map(Valkey::tcp));
    app
}

async fn statuses(app: &TestApp, request: TestRequest, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(app.send(request.clone()).await.status);
    }
    statuses
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|it| **it == status).count()
}

fn docs() -> TestRequest {
    TestRequest::get("/docs")
}

#[tokio::test]
async fn a_page_without_a_database_keeps_a_quarter_in_each_instance_and_all_of_it_in_redis() {
    let app = limited(None).await;
    let seen = statuses(&app, docs(), 16).await;
    assert_eq!((count(&seen, 200), seen[15]), (15, 429), "{seen:?}");
    let refused = app.send(docs()).await;
    assert_eq!(refused.json["violated-policies"], serde_json::json!(["address"]));
    assert_eq!(refused.header("retry-after"), Some("4"));
    app.clock.advance(jiff::SignedDuration::from_secs(4));
    assert_eq!(app.send(docs()).await.status, 200);
    assert_eq!(app.send(docs().from("192.0.2.8")).await.status, 200, "another address");
    assert_eq!(app.database.value("SELECT count(*) FROM kernel.rate_buckets").await, "0");

    let redis = Valkey::start().await;
    let app = limited(Some(&redis)).await;
    // Redis goes by its own clock, and grants one more for each second that this takes.
    let seen = statuses(&app, docs(), 80).await;
    assert!((60..=79).contains(&count(&seen, 200)), "{seen:?}");
}

#[tokio::test]
async fn other_ways_to_write_an_address_open_no_other_bucket() {
    let app = limited(None).await;
    let ways =
        ["/nothing", "/nothing/", "/NOTHING", "//nothing", "/%6eothing", "/a/../nothing", "/nothing?a=1"];
    for number in 0..15 {
        let answer = app.send(TestRequest::get(ways[number % ways.len()])).await;
        assert_eq!(answer.status, 404, "{number}");
    }
    for way in ways {
        assert_eq!(app.send(TestRequest::get(way)).await.refusal(), (429, "RATE_LIMITED"), "{way}");
    }
}

#[tokio::test]
async fn health_and_preflights_are_not_counted() {
    let app = limited(None).await;
    for probe in ["/health/live", "/health/ready"] {
        let seen = statuses(&app, TestRequest::get(probe), 70).await;
        assert_eq!(count(&seen, 200), 70, "{probe}");
        assert_eq!(app.send(TestRequest::get(probe)).await.header("ratelimit-policy"), None);
    }
    let preflight =
        TestRequest::new("OPTIONS", "/api/v1/webhook-endpoints").header("origin", "https://app.example");
    assert_eq!(count(&statuses(&app, preflight, 70).await, 204), 70);
}

#[tokio::test]
async fn who_signs_is_charged_nothing_and_who_does_not_the_address() {
    let app = limited(None).await;
    let own = |key: &SendgridKey| key.tell("[]", app.clock.now());
    let signed = own(app.sendgrid.as_ref().unwrap());
    let seen = statuses(&app, signed.clone(), 70).await;
    assert_eq!(count(&seen, 204), 70, "{seen:?}");
    let forged = own(&SendgridKey::default());
    let seen = statuses(&app, forged, 61).await;
    assert_eq!((count(&seen, 403), seen[60]), (60, 429), "{seen:?}");
    assert_eq!(app.send(signed).await.status, 204, "what is signed is taken from there all the same");
    let bare = TestRequest::post("/api/v1/mail-events/sendgrid", &serde_json::json!([])).from("192.0.2.9");
    let seen = statuses(&app, bare, 61).await;
    assert_eq!((count(&seen, 400), seen[60]), (60, 429), "{seen:?}");
}
