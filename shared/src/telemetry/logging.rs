//! Structured JSON logs (F1). A line has ids, names of routes and statements, and numbers, and nothing personal (F2).
//! The lines themselves are in `http::request_line` and `background::log_lines`.

use crate::clock::{Clock as _, SystemClock};
use crate::telemetry::TelemetrySettings;
use crate::telemetry::metrics;
use json_subscriber::JsonLayer;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
#[cfg(feature = "otlp")]
use tracing_subscriber::{Layer, Registry};

/// The program's version, in every line.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Starts logging to standard output for the rest of the process. Only lines of ours are written: the lines of drivers
/// have other fields, and may show values. A panic is logged by its place alone: its message may carry a value.
pub(crate) fn start(settings: &TelemetrySettings) {
    metrics::start(settings.has_metrics);
    // One filter for everything: a refused line or span is not even made.
    install(tracing_subscriber::registry().with(lines(settings)).with(filter(settings)));
}

/// As [`start`], with the layer `spans`.
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
