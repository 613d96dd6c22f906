//! What a key does at each endpoint that takes one, read off the declarations: a new endpoint is in here at once (E2).

use crate::app;
use serde_json::Value;
use shared::access::Role;
use shared::failure::problem::IDEMPOTENCY_KEY_IN_FLIGHT;
use shared::http::Declaration;
use testkit::{TestRequest, TestResponse, World};

/// The endpoints that take a key.
fn keyed(world: &World) -> Vec<&Declaration> {
    let takes = |endpoint: &&Declaration| endpoint.policy.idempotency.takes_keys();
    let all: Vec<_> = world.app.declarations().filter(takes).collect();
    assert!(all.len() >= 5, "{}", all.len());
    all
}

/// Everything that is in the database, table by table.
async fn everything(world: &World) -> Vec<Vec<String>> {
    let tables = "SELECT string_agg(format('SELECT %L, count(*)::text, COALESCE(sum(hashtextextended(t::text, 0)), 0)::text
                                              FROM %s AS t', oid::regclass, oid::regclass), ' UNION ALL ')
                    FROM pg_class WHERE relkind = 'r' AND relname <> 'rate_buckets' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'";
    let all = world.app.database.value(tables).await;
    world.app.database.rows(&all).await
}

fn is_replayed(answer: &TestResponse) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// A reply without what is told of the request itself.
fn lasting(answer: &TestResponse) -> (u16, &[u8], Vec<(&str, &str)>) {
    let own = ["x-request-id", "traceparent", "idempotency-replayed", "ratelimit"];
    let headers = answer.headers().filter(|(name, _)| !own.contains(name));
    (answer.status, &answer.body, headers.collect())
}

/// The request with one field less, for each field that says something: one that is null is absent already.
fn with_less(request: &TestRequest) -> Vec<TestRequest> {
    let event: Value = serde_json::from_str(&request.event()).unwrap();
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let fields =
        body.as_object().into_iter().flatten().filter(|(_, said)| !said.is_null()).map(|(name, _)| name);
    let without = |name: &String| {
        let mut less = body.clone();
        less.as_object_mut().unwrap().remove(name);
        request.clone().text(&less.to_string())
    };
    fields.map(without).collect()
}

#[tokio::test]
async fn a_key_that_is_sent_again_gets_the_same_reply_and_changes_nothing() {
    let world = World::of(app().await.0).await;
    for endpoint in keyed(&world) {
        let request = world.request(endpoint.name).key(endpoint.name);
        let first = world.app.send(request.clone()).await;
        assert!(first.status < 300 && !is_replayed(&first), "{}: {}", endpoint.name, first.text);
        let before = everything(&world).await;
        for _ in 0..2 {
            let again = world.app.send(request.clone()).await;
            assert!(is_replayed(&again), "{}: {}", endpoint.name, again.text);
            assert_eq!(lasting(&again), lasting(&first), "{}", endpoint.name);
        }
        assert_eq!(everything(&world).await, before, "{}", endpoint.name);
    }
}

#[tokio::test]
async fn a_key_that_is_sent_at_once_has_its_effect_once() {
    for endpoint in keyed(&World::of(app().await.0).await) {
        let name = endpoint.name;
        let (alone, at_once) = (World::of(app().await.0).await, World::of(app().await.0).await);
        alone.app.send(alone.request(name).key("at once")).await;
        let request = at_once.request(name).key("at once");
        let mut answers = at_once.app.send_at_once(vec![request; 8]).await;
        // Where the outcome is not known at once, the others come too early.
        let is_early =
            |answer: &TestResponse| answer.status == 409 && answer.code() == IDEMPOTENCY_KEY_IN_FLIGHT.code;
        answers.retain(|answer| !(endpoint.success.may_be_pending && is_early(answer)));
        let first: Vec<_> = answers.iter().filter(|answer| !is_replayed(answer)).collect();
        assert_eq!(first.len(), 1, "{name}");
        assert!(answers.iter().all(|answer| lasting(answer) == lasting(first[0])), "{name}");
        let counts = |rows: Vec<Vec<String>>| {
            rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect::<Vec<_>>()
        };
        assert_eq!(counts(everything(&at_once).await), counts(everything(&alone).await), "{name}");
    }
}

#[tokio::test]
async fn a_key_is_for_its_request_alone() {
    let world = World::of(app().await.0).await;
    let keyed = keyed(&world);
    let mut siblings = 0;
    for endpoint in &keyed {
        let name = endpoint.name;
        let request = world.request(name).key(name);
        let first = world.app.send(request.clone()).await;
        assert!(first.status < 300, "{name}: {}", first.text);
        let before = everything(&world).await;

        let mut others = with_less(&request);
        let path = request.path();
        if let Some(id) = endpoint.route.template.find('{').map(|start| &path[start..start + 36]) {
            others.push(request.clone().at(&path.replace(id, "01890a5d-ac96-774b-bcce-b302099a0000")));
        }
        if endpoint.policy.if_match {
            others.push(request.clone().header("if-match", "\"2\""));
            others.push(request.clone().header("if-match", "*"));
        }
        // A module has keys of its own.
        let module = world.app.module_of(name);
        let is_sibling =
            |other: &&&Declaration| other.name != name && world.app.module_of(other.name) == module;
        let elsewhere = keyed.iter().filter(is_sibling);
        siblings += elsewhere.clone().count();
        others.extend(elsewhere.map(|other| world.request(other.name).key(name)));
        let mut refused = 0;
        for other in others {
            let answer = world.app.send(other.clone()).await;
            // What cannot be without a field is refused for that.
            let is_incomplete = answer.status == 400 && other.path() == path;
            assert!(
                is_incomplete || answer.refusal() == (422, "IDEMPOTENCY_KEY_REUSED"),
                "{name}, {}: {}",
                other.event(),
                answer.text
            );
            refused += usize::from(!is_incomplete);
        }
        assert!(refused > 0, "{name}");
        assert_eq!(everything(&world).await, before, "{name}");
    }
    assert!(siblings >= 6, "{siblings}");
}

#[tokio::test]
async fn a_key_is_its_callers_and_its_clinics_alone() {
    let world = World::of(app().await.0).await;
    let second = world.second().await;
    for endpoint in keyed(&world) {
        let name = endpoint.name;
        let request = world.request(name).key(name);
        let first = world.app.send(request.clone()).await;
        assert!(first.status < 300, "{name}: {}", first.text);
        let colleague = world.app.send(request.token(world.tenant.token(Role::Admin))).await;
        let colleague = (is_replayed(&colleague), colleague.status, colleague.json["error"]["code"].clone());
        assert!(!colleague.0 && colleague.2 != "IDEMPOTENCY_KEY_REUSED", "{name}: {colleague:?}");
        let elsewhere = world.app.send(second.request(name).key(name)).await;
        assert!(elsewhere.status < 300 && !is_replayed(&elsewhere), "{name}: {}", elsewhere.text);
    }
}
