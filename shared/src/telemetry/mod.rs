//! Spans: what a request did, when, and as part of which trace (F3).
//!
//! A span is a [`tracing::Span`]. [`Instrument::instrument`] wraps the code that runs within a span; spans made there
//! are its children. Spans are made only with `OTEL_EXPORTER_OTLP_ENDPOINT` and the cargo feature `otlp`; otherwise
//! every function here gives a disabled span, which costs nothing.
//!
//! A span has names of routes, functions and statements, ids, numbers and SQLSTATEs, and nothing that a caller or a row
//! says (F2): for that reason the parameters here are `&'static str`, numbers and ids.

#[cfg(feature = "otlp")]
mod export;
pub(crate) mod logging;
pub mod metrics;
mod settings;
mod spans;
#[cfg(all(test, feature = "otlp"))]
mod tests;
pub mod trace;

use crate::settings::{BadSettings, Variables};
pub use logging::VERSION;
pub use settings::SETTINGS;
pub(crate) use settings::TelemetrySettings;
pub use spans::{consumer_run, external_call, failed, queue_send, redis_call};
pub(crate) use spans::{database_flush, flushed, join, span};
use std::time::Duration;
use tokio::time::Instant;
pub use trace::Trace;
pub use tracing::{Instrument, Span};

/// The time that one sending may take, in which the process serves nothing.
const LONGEST: Duration = Duration::from_millis(500);

/// The time between two sendings in a process that serves without Lambda.
const PERIOD: Duration = Duration::from_secs(1);

/// Starts logging, metrics and spans for the rest of the process, as `LOG_LEVEL`, `METRICS` and the variables of
/// OpenTelemetry say. `service` is the process's name in traces unless `OTEL_SERVICE_NAME` is given.
///
/// With a bad setting, logging is started all the same, to say so.
pub fn start(variable: &Variables<'_>, service: &str) -> Result<(), BadSettings> {
    let settings = TelemetrySettings::read(variable, service);
    match &settings {
        #[cfg(feature = "otlp")]
        Ok(settings @ TelemetrySettings { otlp: Some(otlp), .. }) => match export::layer(otlp) {
            Ok(spans) => logging::start_with(settings, spans),
            Err(error) => return Err(BadSettings(vec![("OTEL_EXPORTER_OTLP_ENDPOINT", error)])),
        },
        Ok(settings) => {
            logging::start(settings);
            if settings.otlp.is_some() {
                tracing::warn!(
                    event = "start",
                    "OTEL_EXPORTER_OTLP_ENDPOINT is given, but the feature otlp is not built in"
                );
            }
        }
        Err(_) => logging::start(&TelemetrySettings::default()),
    }
    settings.map(drop)
}

/// Sends the spans that have ended since the last sending, and gives up after half a second. Called after a reply and
/// at the end of the process. A collector that fails gets one log line, and is left alone for half a minute.
pub fn flush() -> impl Future<Output = ()> + Send {
    flush_before(Instant::now() + LONGEST)
}

/// As [`flush`], and ends before `end`; shortly before `end` the spans wait for the next sending.
pub(crate) fn flush_before(end: Instant) -> impl Future<Output = ()> + Send {
    #[cfg(feature = "otlp")]
    return export::flush(end);
    #[cfg(not(feature = "otlp"))]
    {
        let _ = end;
        std::future::ready(())
    }
}

/// Calls [`flush`] every second, for a process that serves without Lambda. Never ends by itself.
pub async fn flush_regularly() {
    loop {
        tokio::time::sleep(PERIOD).await;
        flush().await;
    }
}
