//! A span for each kind of work, but for requests (`http::request_line`). Names and fields follow OpenTelemetry's
//! conventions.

use super::Span;
#[cfg(feature = "otlp")]
use super::export;
use crate::telemetry::Trace;
use tracing::field::Empty;
use uuid::Uuid;

/// The target of every span here, by which filters tell spans from log lines; a literal, because the macros want one.
macro_rules! span {
    (parent: None, $($fields:tt)*) => {
        tracing::span!(target: "telemetry", parent: None, tracing::Level::INFO, $($fields)*)
    };
    ($($fields:tt)*) => {
        tracing::span!(target: "telemetry", tracing::Level::INFO, $($fields)*)
    };
}
pub(crate) use span;

/// The span of one flush to Postgres, the `round_trip`th of its call; [`flushed`] completes it. A flush outside any
/// span, such as a worker's look for something to do, has none.
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

/// Completes the span of a flush with the number of rows, and with SQLSTATE for a failed one.
pub(crate) fn flushed(span: &Span, rows: usize, state: Option<&str>) {
    span.record("db.response.returned_rows", rows);
    if let Some(state) = state {
        span.record("db.response.status_code", state);
        failed(span, state);
    }
}

/// The span of one attempt to call another service: its name, e.g. `stripe`, the operation, e.g.
/// `create_payment_intent`, and the number of attempts before. The sender of the request may record method, status and
/// host; paths and bodies have no place in the span.
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

/// The span of a call of Redis: a command or the name of a script, never a key.
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

/// The span of sending that many messages to a queue, by the queue's name in the code and not its address.
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

/// The span of a consumer's work on one event. `trace`, made by [`Trace::continue_from`] with the event's
/// `traceparent`, makes the span a child of the request that wrote the event, whatever time lies between; `trace` sends
/// this span on.
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

/// Marks a span as failed, with a fixed word such as a problem's code, an SQLSTATE or `timeout`. Messages of other
/// services have no place in the span.
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
