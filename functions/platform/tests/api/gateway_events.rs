//! The sample events of AWS's services that the crate `aws_lambda_events` ships, sent to built functions: a gateway's is
//! answered in its own format, every other like a request for nothing, and none is a function's error.

use serde_json::{Value, json};
use shared::http::gateway;
use std::path::PathBuf;
use std::process::Command;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};

/// The folder of the samples in the source of the crate, as cargo has it.
fn samples() -> PathBuf {
    let metadata =
        Command::new(env!("CARGO")).args(["metadata", "--format-version=1", "--locked"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let events = packages.iter().find(|package| package["name"] == "aws_lambda_events").unwrap();
    PathBuf::from(events["manifest_path"].as_str().unwrap()).with_file_name("src").join("fixtures")
}

/// Each sample with its name, in order.
fn all() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(samples()).unwrap().map(|file| file.unwrap().path());
    let mut all: Vec<(String, Value)> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), event)
        })
        .collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}

/// What an event says of a request, by the documentation of its payload format.
struct Said<'a> {
    is_http: bool,
    method: &'a str,
    path: &'a str,
    address: &'a str,
}

/// None for what is no request of a gateway. Authorizers are asked in events that are much like requests.
fn said(event: &Value) -> Option<Said<'_>> {
    if is_authorizers(event) {
        return None;
    }
    let context = &event["requestContext"];
    let address = |member: &str| context[member]["sourceIp"].as_str().unwrap_or_default();
    if let Some(method) = context["http"]["method"].as_str() {
        let path = event["rawPath"].as_str().unwrap_or_default();
        return Some(Said { is_http: true, method, path, address: address("http") });
    }
    let method = event["httpMethod"].as_str().filter(|_| context["elb"].is_null())?;
    let path = event["path"].as_str().unwrap_or_default();
    Some(Said { is_http: false, method, path, address: address("identity") })
}

fn is_authorizers(event: &Value) -> bool {
    event["type"] == "REQUEST" || event["type"] == "TOKEN"
}

async fn reply(function: &Environment, name: &str, event: &Value) -> Value {
    let Outcome::Response(reply) = function.invoke(&event.to_string(), FAR_AWAY).await else {
        unreachable!("{name} is the function's error");
    };
    serde_json::from_str(&reply).unwrap()
}

#[tokio::test]
async fn every_sample_of_a_gateway_is_answered_in_its_format_and_every_other_is_a_request_for_nothing() {
    // All samples are of one address, or of none: a thousand times its limit.
    let wide = [("RATE_LIMITS", "1000"), ("AWS_LAMBDA_FUNCTION_NAME", "")];
    let mut function = Environment::start(&program("fallback"), &wide).await;
    function.ready().await;
    let (mut requests, mut others) = (0, 0);
    for (name, event) in all() {
        let reply = reply(&function, &name, &event).await;
        let problem: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap_or_default();
        let Some(said) = said(&event) else {
            assert_eq!(reply["statusCode"], 404, "{name}: {reply}");
            assert!(problem["instance"] == "" || is_authorizers(&event), "{name}: {reply}");
            others += 1;
            continue;
        };
        let lists = reply["multiValueHeaders"].as_object().unwrap();
        assert_eq!(
            (said.is_http, reply["cookies"].is_array()),
            (lists.is_empty(), lists.is_empty()),
            "{name}"
        );
        if said.path == "/" {
            assert_eq!(
                (&reply["statusCode"], &reply["headers"]["location"]),
                (&json!(302), &json!("/docs")),
                "{name}"
            );
        } else {
            let told = (&reply["statusCode"], &problem["error"]["code"], &problem["instance"]);
            assert_eq!(told, (&json!(404), &json!("ROUTE_NOT_FOUND"), &json!(said.path)), "{name}: {reply}");
        }
        let (request, _) = gateway::read(&event.to_string());
        let read = (request.method.as_str(), request.path.as_str(), request.source_address.as_str());
        assert_eq!(read, (said.method, said.path, said.address), "{name}");
        for (header, value) in event["headers"].as_object().into_iter().flatten() {
            // The lists, where there are any, have all values of a name; cookies are kept apart.
            let is_elsewhere =
                header.eq_ignore_ascii_case("cookie") || !event["multiValueHeaders"][header].is_null();
            let found = request.headers.get(header.as_str()).map(http::HeaderValue::as_bytes);
            assert!(is_elsewhere || found == value.as_str().map(str::as_bytes), "{name}: {header}");
        }
        requests += 1;
    }
    assert!(requests >= 16 && others >= 150, "{requests} {others}");
    function.stopped().await;
}

#[tokio::test]
async fn whatever_else_a_gateways_sample_has_an_endpoint_of_ours_answers_at_its_address() {
    let mut function = Environment::start(&program("get-live"), &[]).await;
    function.ready().await;
    let mut answered = 0;
    for (name, mut event) in all() {
        let Some(Said { is_http, .. }) = said(&event) else { continue };
        if is_http {
            event["rawPath"] = json!("/health/live");
            event["requestContext"]["http"]["method"] = json!("GET");
        } else {
            event["path"] = json!("/health/live");
            event["httpMethod"] = json!("GET");
        }
        // What the caller of the sample accepts is its own affair.
        for headers in ["headers", "multiValueHeaders"] {
            if let Some(headers) = event[headers].as_object_mut() {
                headers.retain(|header, _| !header.eq_ignore_ascii_case("accept"));
            }
        }
        let reply = reply(&function, &name, &event).await;
        assert_eq!(reply["statusCode"], 200, "{name}: {reply}");
        answered += 1;
    }
    assert!(answered >= 16, "{answered}");
    function.stopped().await;
}
