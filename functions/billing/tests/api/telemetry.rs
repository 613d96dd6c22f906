//! What a built function shows of itself: spans of the caller's trace, and metrics in its log lines.

use crate::binaries::{status, world};
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use testkit::lambda::{Environment, FAR_AWAY, Outcome};
use testkit::{Receiver, World, assert_none_in, attribute};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const UNKEPT: &str = "00f067aa0ba902b74bf92f3577b34da6";
const CALLER: &str = "00f067aa0ba902b7";

/// The sample event of a transaction, with a text of the caller's, as part of a trace.
fn event(world: &World, trace: &str, flags: &str, key: &str) -> String {
    let mut event: Value = serde_json::from_str(&world.event("create-transaction")).unwrap();
    event["headers"]["traceparent"] = format!("00-{trace}-{CALLER}-{flags}").into();
    event["headers"]["idempotency-key"] = key.into();
    let body = event["body"].as_str().unwrap().replace("Session of 21 November", "canary words");
    event["body"] = body.into();
    event.to_string()
}

async fn start(world: &World, endpoint: &str, further: &[(&str, &str)]) -> Environment {
    let own = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=a%20team")];
    let mut function = world.start("create-transaction", &[&own, further].concat()).await;
    function.ready().await;
    function
}

fn reply(outcome: Outcome) -> Value {
    let Outcome::Response(reply) = outcome else { panic!("{outcome:?}") };
    serde_json::from_str(&reply).unwrap()
}

/// The lines of requests in a function's output.
fn requests(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["event"] == "request").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the receiver has libraries for x86-64 alone")]
async fn one_trace_goes_from_the_call_over_the_database_into_the_outbox() {
    let (world, receiver) = (world().await, Receiver::start());
    let function = start(&world, &receiver.endpoint(), &[]).await;

    let answered = reply(function.invoke(&event(&world, TRACE, "01", "one"), FAR_AWAY).await);

    assert_eq!(answered["statusCode"], 201, "{answered}");
    let [request, flush] = &receiver.spans(TRACE, 2)[..] else { panic!("{:#?}", receiver.all()) };
    assert_eq!((&request["name"], &request["kind"]), (&"POST /api/v1/transactions".into(), &2.into()));
    assert_eq!((&request["parentSpanId"], &request["status"]["code"]), (&CALLER.into(), &0.into()));
    let told =
        ["http.route", "http.response.status_code", "faas.name", "faas.coldstart", "faas.invocation_id"];
    let told = told.map(|key| attribute(request, key).unwrap());
    assert_eq!(told, ["/api/v1/transactions", "201", "create-transaction", "true", "sample-request"]);
    assert_eq!((&flush["name"], &flush["kind"]), (&"postgres flush".into(), &3.into()));
    assert_eq!(flush["parentSpanId"], request["spanId"]);
    let statements = attribute(flush, "db.query.summary").unwrap();
    for name in ["shared.settings", "billing.", "shared.audit"] {
        assert!(statements.contains(name), "{name}: {statements}");
    }
    assert_eq!(attribute(flush, "db.round_trip").as_deref(), Some("1"));
    assert_eq!(attribute(flush, "db.response.status_code"), None);
    let sent = receiver.text();
    assert!(sent.contains("x-team: a team") && sent.contains("service.name"), "{sent}");

    let traceparent = format!("00-{TRACE}-{}-01", request["spanId"].as_str().unwrap());
    assert_eq!(answered["headers"]["traceparent"], traceparent);
    let event = world.app.database.value("SELECT traceparent FROM kernel.outbox").await;
    assert_eq!(event, traceparent);
    function.terminate();
    let (_, log) = function.ended().await;
    assert_eq!(requests(&log)[0]["traceId"], TRACE, "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the receiver has libraries for x86-64 alone")]
async fn what_fails_says_so_and_what_the_caller_does_not_keep_is_not_sent() {
    let (world, receiver) = (world().await, Receiver::start());
    let function = start(&world, &receiver.endpoint(), &[]).await;
    let unkept = function.invoke(&event(&world, UNKEPT, "00", "unkept"), FAR_AWAY).await;
    assert_eq!(status(unkept), 201);
    world.app.database.run("DROP TABLE kernel.outbox CASCADE").await;

    let failed = function.invoke(&event(&world, TRACE, "01", "failed"), FAR_AWAY).await;

    assert_eq!(status(failed), 500);
    let [request, flush] = &receiver.spans(TRACE, 2)[..] else { panic!("{:#?}", receiver.all()) };
    assert_eq!((&request["status"]["code"], &flush["status"]["code"]), (&2.into(), &2.into()));
    assert_eq!(attribute(request, "error.type").as_deref(), Some("INTERNAL_ERROR"));
    assert_eq!(attribute(flush, "db.response.status_code").as_deref(), Some("42P01"));
    assert!(receiver.all().iter().all(|span| span["traceId"] != UNKEPT), "{:#?}", receiver.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_holds_up_no_reply_and_is_told_of_once() {
    let world = world().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let function = start(&world, &endpoint, &[]).await;
    let (answered, seen) = (function.answered(), Arc::new(Mutex::new(Vec::new())));
    let calls = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            calls.lock().unwrap().push(answered.load(Ordering::SeqCst));
            open.push(stream);
        }
    });

    for key in ["first", "second", "third"] {
        assert_eq!(status(function.invoke(&event(&world, TRACE, "01", key), FAR_AWAY).await), 201, "{key}");
    }

    function.terminate();
    let (ended, log) = function.ended().await;
    assert!(ended.success(), "{ended}: {log}");
    assert_eq!(requests(&log).len(), 3, "{log}");
    assert_eq!(log.matches("spans are lost").count(), 1, "{log}");
    // It was called once, after the first reply was out, and then left alone.
    assert_eq!(*seen.lock().unwrap(), [1], "replies at each call of the collector");
}

#[tokio::test]
async fn with_metrics_each_requests_line_is_in_the_embedded_metric_format() {
    let world = world().await;
    let mut function = world.start("create-transaction", &[("METRICS", "emf")]).await;
    function.ready().await;
    for trace in [TRACE, UNKEPT] {
        assert_eq!(status(function.invoke(&event(&world, trace, "01", trace), FAR_AWAY).await), 201);
    }
    function.terminate();
    let (_, log) = function.ended().await;
    assert_none_in("a function's log", &log);

    let [first, second] = &requests(&log)[..] else { panic!("one line a request: {log}") };
    for line in [first, second] {
        assert_is_emf(line);
        assert_eq!((&line["function"], &line["statusClass"]), (&"create-transaction".into(), &"2xx".into()));
        assert_eq!((&line["Requests"], &line["RoundTrips"]), (&1.into(), &1.into()));
        let time = |name: &str| line[name].as_f64().unwrap();
        assert!(0.0 < time("DatabaseTime") && time("DatabaseTime") <= time("Duration"), "{line}");
        assert!(
            line["route"].is_string() && line["status"] == 201 && line["requestId"].is_string(),
            "{line}"
        );
    }
    assert_eq!((&first["ColdStarts"], &second["ColdStarts"]), (&1.into(), &0.into()));
}

/// The specification's schema: every metric is a number of the line's, every dimension a text of it.
fn assert_is_emf(line: &Value) {
    let told = &line["_aws"];
    let logged: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
    let stamp = told["Timestamp"].as_i64().unwrap();
    assert!((logged.as_millisecond() - stamp).abs() < 60_000, "milliseconds since 1970: {line}");
    let [directive] = &told["CloudWatchMetrics"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!(directive["Namespace"], "Grafono");
    let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!(*dimensions, serde_json::json!(["function", "statusClass"]));
    for name in dimensions.as_array().unwrap() {
        assert!(line[name.as_str().unwrap()].is_string(), "{name}: {line}");
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    let names: Vec<&str> = metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Requests", "Duration", "DatabaseTime", "RoundTrips", "ColdStarts"]);
    for metric in metrics {
        assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}: {line}");
        assert!(["Count", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()), "{metric}");
    }
}
