//! Every endpoint's round trips, counted on the wire, are what it declares (D8).

use crate::{app, income, new_patient};
use serde_json::json;
use shared::clock::Clock as _;
use shared::http::Declaration;
use std::sync::Arc;
use testkit::{Proxy, TestRequest, World};

/// The endpoint's sample event, which succeeds. A list counts what it has, too: whether it is one.
fn sample(world: &World, endpoint: &Declaration) -> (TestRequest, bool) {
    let request = world.request(endpoint.name);
    let query = (endpoint.query_schema)(&mut schemars::SchemaGenerator::default());
    let counts = query.is_some_and(|query| query.to_value()["properties"]["includeTotal"].is_object());
    if counts { (request.query("includeTotal=true"), true) } else { (request, false) }
}

#[tokio::test]
async fn each_endpoint_makes_exactly_the_round_trips_it_declares() {
    let mut world = World::of(app().await.0).await;
    let proxy = Proxy::to(&world.app.database);
    Arc::get_mut(&mut world.app).unwrap().rewire(|role| proxy.url(role));
    let mut counting = 0;

    for endpoint in world.app.declarations() {
        // A refused request opens the connection; what it costs to connect is not the endpoint's.
        world.app.warm(endpoint.name).await;
        let (request, counts) = sample(&world, endpoint);
        counting += u32::from(counts);
        let before = proxy.round_trips();
        let answer = world.app.send(request).await;
        let fine = answer.status < 300 || endpoint.route.is_catch_all();
        assert!(fine, "{}: {} {}", endpoint.name, answer.status, answer.text);
        // Whose data was shown is noted behind the reply.
        let behind = u32::from(endpoint.policy.shows_people.is_some());
        let seen = proxy.round_trips() - before;
        assert_eq!(seen, endpoint.policy.round_trips + behind, "{}", endpoint.name);
    }
    assert!(counting >= 2, "lists were counted");
}

#[tokio::test]
async fn events_of_two_clinics_mails_cost_one_round_trip_too() {
    let (mut app, _) = app().await;
    let proxy = Proxy::to(&app.database);
    app.rewire(|role| proxy.url(role));
    app.warm("record-sendgrid-events").await;
    let told = [1, 2].map(|id| {
        let id = format!("01890a5d-ac96-774b-bcce-b302099a805{id}");
        json!({ "event": "spamreport", "timestamp": 1, "clinic": id, "mail": id })
    });
    let request = app.sendgrid.as_ref().unwrap().tell(&json!(told).to_string(), app.clock.now());

    let before = proxy.round_trips();
    assert_eq!(app.send(request).await.status, 204);
    assert_eq!(proxy.round_trips() - before, 1);
}

#[tokio::test]
async fn a_replay_and_a_refusal_cost_one_round_trip_too() {
    let (mut app, tenant) = app().await;
    let (_, id) = new_patient(&app, &tenant).await;
    let record = TestRequest::post("/api/v1/transactions", &income(&id)).token(tenant.owner()).key("k");
    app.send(record.clone()).await;
    let proxy = Proxy::to(&app.database);
    app.rewire(|role| proxy.url(role));
    app.warm("create-transaction").await;
    let duplicate =
        TestRequest::post("/api/v1/transactions", &income("01890a5d-ac96-774b-bcce-b302099a8057"));

    let before = proxy.round_trips();
    let replay = app.send(record).await;
    let between = proxy.round_trips();
    let refused = app.send(duplicate.token(tenant.owner()).key("other")).await;

    assert_eq!((replay.header("idempotency-replayed"), between - before), (Some("true"), 1));
    assert_eq!((refused.refusal(), proxy.round_trips() - between), ((404, "PATIENT_NOT_FOUND"), 1));
}
