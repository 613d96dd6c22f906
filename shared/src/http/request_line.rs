//! The log line of an answered request, with its metrics (F1), and its span (F3).

use super::{Declaration, Request};
use crate::access::Principal;
use crate::telemetry::{self, Span, Trace, VERSION, metrics};
use http::{Method, StatusCode};
use std::sync::OnceLock;
use std::time::Duration;
use tracing::field::Empty;

/// The caller, as far as the steps get to know it; the log line has it however the request ends.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    caller: OnceLock<Principal>,
}

impl Seen {
    pub(crate) fn principal(&self) -> Option<Principal> {
        self.caller.get().copied()
    }

    pub(crate) fn caller(&self, principal: Option<Principal>) {
        if let Some(principal) = principal {
            let _ = self.caller.set(principal);
        }
    }
}

/// A finished request.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) function: &'static str,
    pub(crate) route: &'static str,
    pub(crate) method: Method,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) seen: Seen,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) round_trips: u32,
    /// The time of all round trips together.
    pub(crate) database_time: Duration,
    pub(crate) cold_start: bool,
    pub(crate) private: Option<String>,
}

/// Writes the line of a finished request: an error for status 500, a warning for any other 5xx. With `METRICS` the line
/// carries the metrics.
pub(crate) fn log(finished: &Finished) {
    let numbers = metrics::is_on().then(|| RequestMetrics::of(finished));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                event = "request",
                "requestId" = finished.request_id,
                "traceId" = finished.trace_id,
                "userId" = finished.seen.caller.get().map(|caller| caller.user_id.to_string()),
                "clinicId" = finished.seen.caller.get().map(|caller| caller.clinic_id.to_string()),
                function = finished.function,
                version = VERSION,
                "coldStart" = finished.cold_start,
                method = known(&finished.method),
                route = finished.route,
                status = finished.status.as_u16(),
                "durationMs" = u64::try_from(finished.duration.as_millis()).unwrap_or(u64::MAX),
                "databaseMs" = u64::try_from(finished.database_time.as_millis()).unwrap_or(u64::MAX),
                "roundTrips" = finished.round_trips,
                "statusClass" = numbers.map(|numbers| numbers.status_class),
                "Requests" = numbers.map(|_| 1),
                "Duration" = numbers.map(|numbers| numbers.duration),
                "DatabaseTime" = numbers.map(|numbers| numbers.database_time),
                "RoundTrips" = numbers.map(|_| finished.round_trips),
                "ColdStarts" = numbers.map(|_| u32::from(finished.cold_start)),
                reason = finished.private,
                "request answered"
            )
        };
    }
    match finished.status.as_u16() {
        500 => line!(error),
        501.. => line!(warn),
        _ => line!(info),
    }
}

/// The metrics of a request.
#[derive(Debug, Clone, Copy)]
struct RequestMetrics {
    status_class: &'static str,
    /// Milliseconds.
    duration: f64,
    /// Milliseconds.
    database_time: f64,
}

impl RequestMetrics {
    fn of(finished: &Finished) -> Self {
        let status_class = match finished.status.as_u16() {
            ..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let (duration, database_time) =
            (milliseconds(finished.duration), milliseconds(finished.database_time));
        Self { status_class, duration, database_time }
    }
}

/// The span of a request, which is the call of `trace`; [`complete_span`] completes it.
pub(crate) fn span(
    declaration: &Declaration,
    request: &Request,
    request_id: &str,
    trace: &mut Trace,
) -> Span {
    let (method, route) = (known(&request.method), declaration.route.template);
    let span = telemetry::span!(
        parent: None,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        faas.name = declaration.name,
        faas.coldstart = Empty,
        faas.invocation_id = request_id,
        "error.type" = Empty,
    );
    telemetry::join(&span, trace);
    span
}

/// The method, if one of HTTP's own: a caller may send any token.
fn known(method: &Method) -> &str {
    let all = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if all.contains(method) { method.as_str() } else { "_OTHER" }
}

/// Completes the span of a request. `problem` is the code of a refused request.
pub(crate) fn complete_span(span: &Span, finished: &Finished, problem: Option<&'static str>) {
    span.record("http.response.status_code", finished.status.as_u16());
    span.record("faas.coldstart", finished.cold_start);
    if finished.status.is_server_error() {
        telemetry::failed(span, problem.unwrap_or("INTERNAL_ERROR"));
    }
}
