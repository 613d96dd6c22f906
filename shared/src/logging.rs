//! Structured JSON logs, one line a request (F1). Nothing personal is in them (F2): ids, names of routes and
//! statements, numbers.

use crate::access::Principal;
use crate::clock::{Clock as _, SystemClock};
use crate::consumer::ATTEMPTS;
use crate::failure::Fault;
use crate::metrics::{self, RequestMetrics};
use crate::outbox::Event;
use crate::telemetry::TelemetrySettings;
use http::{Method, StatusCode};
use json_subscriber::JsonLayer;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
#[cfg(feature = "otlp")]
use tracing_subscriber::{Layer, Registry};

/// The version in every line.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Starts logging to standard output for the rest of the process. Only lines of ours are written: those of drivers have
/// neither our fields nor our care for what they say.
/// A panic is logged by its place alone: its message may carry a value.
pub(crate) fn start(settings: &TelemetrySettings) {
    metrics::start(settings.has_metrics);
    // One filter for everything: what it refuses, spans for instance, is not even made.
    install(tracing_subscriber::registry().with(lines(settings)).with(filter(settings)));
}

/// As [`start`], and gives `spans` the spans.
#[cfg(feature = "otlp")]
pub(crate) fn start_with(settings: &TelemetrySettings, spans: impl Layer<Registry> + Send + Sync) {
    metrics::start(settings.has_metrics);
    let lines = lines(settings).with_filter(filter(settings));
    install(tracing_subscriber::registry().with(spans).with(lines));
}

fn filter(settings: &TelemetrySettings) -> Targets {
    let level = settings.level.parse().unwrap_or(LevelFilter::INFO);
    Targets::new().with_target("shared", level).with_target("grafono", level)
}

/// JSON lines on standard output.
fn lines<S: Subscriber + for<'span> LookupSpan<'span>>(settings: &TelemetrySettings) -> JsonLayer<S> {
    let mut layer = JsonLayer::stdout();
    layer.with_timer("timestamp", tracing_subscriber::fmt::time::SystemTime);
    layer.with_level("level");
    layer.with_flattened_event();
    if settings.has_metrics {
        layer.add_dynamic_field("_aws", |event, _| metrics::directive(event, SystemClock.now()));
    }
    layer
}

fn install(subscriber: impl Subscriber + Send + Sync) {
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(event = "panic", place, "a panic");
        }));
    }
}

/// What the steps learn of a request on the way and the log keeps, however it ends.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    caller: OnceLock<Principal>,
}

impl Seen {
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
    /// How long the round trips took, all together.
    pub(crate) database_time: Duration,
    pub(crate) cold_start: bool,
    pub(crate) private: Option<String>,
}

/// Writes the line of a finished request: an error for our faults, a warning when another service failed us. Where
/// metrics are asked for, it carries them.
pub(crate) fn request(finished: &Finished) {
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
                method = finished.method.as_str(),
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

/// An event that a consumer has tried to take.
#[derive(Debug)]
pub(crate) struct Consumed<'a> {
    pub(crate) function: &'static str,
    pub(crate) event: &'a Event,
    pub(crate) trace_id: &'a str,
    pub(crate) attempt: i64,
    pub(crate) duration: Duration,
    pub(crate) round_trips: u32,
    pub(crate) fault: Option<&'a Fault>,
}

/// Writes the line of an event: a warning when it is to be tried again, an error when it never will be.
pub(crate) fn consumed(consumed: &Consumed<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                event = "consumed",
                "eventId" = consumed.event.id.to_string(),
                kind = consumed.event.kind,
                "traceId" = consumed.trace_id,
                "clinicId" = consumed.event.clinic_id.to_string(),
                function = consumed.function,
                version = VERSION,
                attempt = consumed.attempt,
                "durationMs" = u64::try_from(consumed.duration.as_millis()).unwrap_or(u64::MAX),
                "roundTrips" = consumed.round_trips,
                code = consumed.fault.map(|fault| fault.problem.code),
                reason = consumed.fault.and_then(|fault| fault.private.as_deref()),
                $message
            )
        };
    }
    match consumed.fault {
        None => line!(info, "event taken"),
        Some(_) if consumed.attempt >= ATTEMPTS => line!(error, "event given up"),
        Some(_) => line!(warn, "event to be tried again"),
    }
}

/// A worker's run in which something was done.
#[derive(Debug)]
pub(crate) struct Worked<'a> {
    pub(crate) function: &'static str,
    pub(crate) done: usize,
    pub(crate) duration: Duration,
    pub(crate) round_trips: u32,
    pub(crate) fault: Option<&'a Fault>,
}

/// Writes the line of a run.
pub(crate) fn worked(worked: &Worked<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                event = "worked",
                function = worked.function,
                version = VERSION,
                done = worked.done,
                "durationMs" = u64::try_from(worked.duration.as_millis()).unwrap_or(u64::MAX),
                "roundTrips" = worked.round_trips,
                reason = worked.fault.and_then(|fault| fault.private.as_deref()),
                $message
            )
        };
    }
    if worked.fault.is_none() {
        line!(info, "work done");
    } else {
        line!(error, "work stopped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::redis_call;

    #[test]
    fn without_a_collector_no_span_is_made_whatever_is_logged() {
        for level in ["info", "trace"] {
            let settings = TelemetrySettings { level: level.to_owned(), ..TelemetrySettings::default() };
            let subscriber = tracing_subscriber::registry().with(lines(&settings)).with(filter(&settings));
            tracing::subscriber::with_default(subscriber, || {
                assert!(redis_call("take_tokens").is_disabled(), "{level}");
            });
        }
    }
}
