//! A span for each kind of thing that is done, but for requests (`http::request_line`). Their names and fields follow OpenTelemetry's conventions.

use super::Span;
#[cfg(feature = "otlp")]
use super::export;
use crate::telemetry::Trace;
use tracing::field::Empty;
use uuid::Uuid;

/// The target of every span here, by which filters tell them from log lines; as a literal, because the macros want one.
macro_rules! span {
    (parent: None, $($fields:tt)*) => {
        tracing::span!(target: "telemetry", parent: None, tracing::Level::INFO, $($fields)*)
    };
    ($($fields:tt)*) => {
        tracing::span!(target: "telemetry", tracing::Level::INFO, $($fields)*)
    };
}
pub(crate) use span;

/// The span of one flush to Postgres, the `round_trip`th of its call; [`flushed`] completes it. What no call asks for,
/// such as a worker's look for something to do, is none.
pub(crate) fn database_flush(round_trip: u32, statements: impl FnOnce() -> Vec<&'static str>) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    span!(
        "flush",
        otel.name = "postgres flush",
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "postgresql",
        db.query.summary = statements().join(" "),
        db.round_trip = round_trip,
        db.response.returned_rows = Empty,
        db.response.status_code = Empty,
        "error.type" = Empty,
    )
}

/// Completes the span of a flush: how many rows came back, and SQLSTATE when it failed.
pub(crate) fn flushed(span: &Span, rows: usize, state: Option<&str>) {
    span.record("db.response.returned_rows", rows);
    if let Some(state) = state {
        span.record("db.response.status_code", state);
        failed(span, state);
    }
}

/// One attempt to call another service over the network: `service` is its name, e.g. `stripe`, `operation` what is asked
/// of it, e.g. `create_payment_intent`, and `repeated` how many attempts there were before. Whoever sends the request
/// may record its method, the status of the reply and the host; paths and bodies have no place in it.
pub fn external_call(service: &'static str, operation: &'static str, repeated: u32) -> Span {
    span!(
        "call",
        otel.name = format!("{service} {operation}"),
        otel.kind = "client",
        otel.status_code = Empty,
        peer.service = service,
        rpc.method = operation,
        http.request.method = Empty,
        http.request.resend_count = (repeated > 0).then_some(repeated),
        http.response.status_code = Empty,
        server.address = Empty,
        "error.type" = Empty,
    )
}

/// A call of Redis: its command or the name of its script, never a key.
pub fn redis_call(command: &'static str) -> Span {
    span!(
        "redis",
        otel.name = format!("redis {command}"),
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "redis",
        db.operation.name = command,
        "error.type" = Empty,
    )
}

/// Sending that many messages to a queue, by its name in the code and not its address.
pub fn queue_send(queue: &str, messages: usize) -> Span {
    span!(
        "send",
        otel.name = format!("send {queue}"),
        otel.kind = "producer",
        otel.status_code = Empty,
        "messaging.operation.type" = "send",
        messaging.destination.name = queue,
        messaging.batch.message_count = messages,
        "error.type" = Empty,
    )
}

/// A consumer's work on one event. `trace` is the call that it is, made by [`Trace::continue_from`] with the event's
/// `traceparent`: the span is a child of the request that wrote the event, whatever time lies between, and what
/// `trace` sends on is this span.
pub fn consumer_run(consumer: &'static str, kind: &str, event_id: Uuid, trace: &mut Trace) -> Span {
    let span = span!(
        parent: None,
        "consume",
        otel.name = format!("{consumer} {kind}"),
        otel.kind = "consumer",
        otel.status_code = Empty,
        "messaging.operation.type" = "process",
        messaging.consumer.group.name = consumer,
        messaging.message.id = %event_id,
        messaging.message.kind = kind,
        "error.type" = Empty,
    );
    join(&span, trace);
    span
}

/// Marks a span as failed: `code` says how in a word that is the same each time, e.g. a problem's code, an SQLSTATE or
/// `timeout`. Messages of others have no place in it.
pub fn failed(span: &Span, code: &str) {
    span.record("error.type", code);
    span.record("otel.status_code", "ERROR");
}

/// Makes the span a child of the trace's caller, and the trace the span's.
pub(crate) fn join(span: &Span, trace: &mut Trace) {
    #[cfg(feature = "otlp")]
    export::join(span, trace);
    #[cfg(not(feature = "otlp"))]
    let _ = (span, trace);
}
