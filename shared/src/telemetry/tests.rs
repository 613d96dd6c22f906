//! The spans of each kind, as they would be sent.

use super::export::{Waiting, spans, tracer};
use super::*;
use crate::clock::SystemIds;
use crate::telemetry::Trace;
use jiff::Timestamp;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The spans that `make` makes, as they would be sent, in the order of their end; `share` of the traces is kept.
fn sent(share: f64, make: impl FnOnce()) -> Vec<SpanData> {
    let waiting = Waiting::default();
    let (_provider, tracer) = tracer(share, waiting.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(spans(tracer)), make);
    waiting.take()
}

fn trace(header: Option<&str>) -> Trace {
    Trace::continue_from(header, &SystemIds, Timestamp::UNIX_EPOCH)
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.to_string())
}

#[test]
fn a_consumers_work_is_a_child_of_the_request_that_wrote_the_event() {
    let mut trace = trace(Some(CALLER));

    let sent = sent(1.0, || {
        let span = consumer_run("balances", "patient.created", Uuid::nil(), &mut trace);
        span.in_scope(|| drop(external_call("stripe", "create_refund", 1)));
    });

    let [call, run] = &sent[..] else { unreachable!("{sent:#?}") };
    assert_eq!((run.name.as_ref(), &run.span_kind), ("balances patient.created", &SpanKind::Consumer));
    assert_eq!(run.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (run.parent_span_id.to_string().as_str(), run.parent_span_is_remote),
        ("00f067aa0ba902b7", true)
    );
    assert_eq!(trace.span_id, run.span_context.span_id().to_string());
    assert_eq!(trace.traceparent(), format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", trace.span_id));
    assert_eq!(call.parent_span_id, run.span_context.span_id());
}

#[test]
fn a_trace_that_its_caller_does_not_keep_is_not_sent_and_goes_on_unkept() {
    let mut trace = trace(Some(&CALLER.replace("-01", "-00")));
    let sent = sent(1.0, || drop(consumer_run("balances", "patient.created", Uuid::nil(), &mut trace)));
    assert!(sent.is_empty(), "{sent:#?}");
    assert!(trace.traceparent().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(trace.traceparent().ends_with("-00"));
}

#[test]
fn of_the_traces_begun_here_the_share_is_kept() {
    for (share, count, flags) in [(1.0, 1, "-01"), (0.0, 0, "-00")] {
        let mut trace = trace(None);
        let sent = sent(share, || drop(consumer_run("balances", "patient.created", Uuid::nil(), &mut trace)));
        assert_eq!(sent.len(), count, "{share}");
        assert!(trace.traceparent().ends_with(flags), "{share}: {trace:?}");
    }
}

#[test]
fn each_kind_of_span_says_what_it_is_and_how_it_failed() {
    let sent = sent(1.0, || {
        let call = external_call("stripe", "create_refund", 1);
        failed(&call, "timeout");
        let statements = || vec!["shared.settings", "billing.transfer"];
        call.in_scope(|| flushed(&database_flush(2, statements), 3, Some("23505")));
        drop((call, redis_call("take_tokens"), queue_send("balances", 10)));
        drop(database_flush(1, statements));
    });

    let [flush, call, redis, sending] = &sent[..] else { unreachable!("{sent:#?}") };
    assert_eq!((call.name.as_ref(), &call.span_kind), ("stripe create_refund", &SpanKind::Client));
    assert_eq!(
        (attribute(call, "error.type").as_deref(), &call.status),
        (Some("timeout"), &Status::error(""))
    );
    assert_eq!(attribute(call, "http.request.resend_count").as_deref(), Some("1"));
    assert_eq!((redis.name.as_ref(), &redis.span_kind), ("redis take_tokens", &SpanKind::Client));
    assert_eq!(redis.status, Status::Unset);
    assert_eq!((sending.name.as_ref(), &sending.span_kind), ("send balances", &SpanKind::Producer));
    assert_eq!(attribute(sending, "messaging.batch.message_count").as_deref(), Some("10"));
    let told = ["db.query.summary", "db.round_trip", "db.response.returned_rows", "db.response.status_code"];
    let told = told.map(|key| attribute(flush, key).unwrap_or_default());
    assert_eq!(told, ["shared.settings billing.transfer", "2", "3", "23505"]);
}
