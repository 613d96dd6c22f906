//! Events that are not quite what a gateway sends: reading one never fails, and always finds the same.

use super::{any_json, event, runner};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::http::gateway;

/// Names of what an event has, and now and then any other.
fn event_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "version",
        "rawPath",
        "rawQueryString",
        "cookies",
        "headers",
        "multiValueHeaders",
        "requestContext",
        "http",
        "method",
        "httpMethod",
        "path",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "identity",
        "sourceIp",
        "requestId",
        "timeEpoch",
        "authorizer",
        "elb",
        "body",
        "isBase64Encoded",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

/// What some member of an event is, if not what this one is: texts by name, lists of them, names of events again.
fn event_member() -> impl Strategy<Value = Value> {
    let texts = prop::collection::btree_map(any::<String>(), any::<String>(), 0..3);
    let list = prop::collection::vec(any::<String>(), 0..3);
    let lists = prop::collection::btree_map(any::<String>(), list, 0..3);
    let nested = prop::collection::btree_map(event_name(), any_json(), 0..4);
    prop_oneof![
        texts.prop_map(|map| json!(map)),
        lists.prop_map(|map| json!(map)),
        nested.prop_map(|map| json!(map)),
        any_json(),
        Just(json!({ "": "" })),
    ]
}

/// An event of either format in which some members are something else, at its top or within its context.
fn any_event() -> impl Strategy<Value = Value> {
    let http = event("GET", "/x", "a=b", vec![("host".to_owned(), "a".to_owned())], Some("e30="), true);
    let rest = json!({
        "version": "1.0", "path": "/x", "httpMethod": "GET", "multiValueHeaders": { "host": ["a"] },
        "multiValueQueryStringParameters": { "a": ["b"] }, "body": "e30=", "isBase64Encoded": true,
        "requestContext": { "httpMethod": "GET", "identity": { "sourceIp": "x" } },
    });
    let other = prop::collection::vec((any::<bool>(), event_name(), event_member()), 0..3);
    let changed = (prop::sample::select(vec![http, rest]), other).prop_map(|(mut event, members)| {
        for (is_inner, name, member) in members {
            if is_inner && event["requestContext"].is_object() {
                event["requestContext"][name] = member;
            } else {
                event[name] = member;
            }
        }
        event
    });
    prop_oneof![9 => changed, 1 => any_json()]
}

#[test]
fn whatever_comes_is_read_as_a_request_and_twice_as_the_same() {
    let outcome = runner().run(&any_event(), |event| {
        let json = event.to_string();
        prop_assert_eq!(gateway::read(&json), gateway::read(&json));
        Ok(())
    });
    outcome.unwrap();
}
