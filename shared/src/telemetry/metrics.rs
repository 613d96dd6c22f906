//! Metrics for `CloudWatch`, in the log lines themselves: the Embedded Metric Format.
//!
//! With `METRICS=emf` a line with one of the metrics below also has an `_aws` member, which names the line's metrics to
//! `CloudWatch`. That costs no call and no second line. Every combination of a metric and values of its dimensions is
//! paid for, so there are two dimensions only: the function, and for requests the class of the status.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Grafono";

/// Every metric: its name, which is also the line's member, and its unit (`CloudWatch`'s `MetricDatum`).
pub const METRICS: [(&str, &str); 8] = [
    ("Requests", "Count"),
    ("Duration", "Milliseconds"),
    ("DatabaseTime", "Milliseconds"),
    ("RoundTrips", "Count"),
    ("ColdStarts", "Count"),
    ("OutboxAge", "Seconds"),
    ("OutboxSent", "Count"),
    ("OutboxFailed", "Count"),
];

/// The dimensions that a line may have.
const DIMENSIONS: [&str; 2] = ["function", "statusClass"];

static ON: AtomicBool = AtomicBool::new(false);

pub(crate) fn start(on: bool) {
    ON.store(on, Ordering::Relaxed);
}

/// Whether lines carry metrics.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// The `_aws` member of a line; `None` for a line without metrics.
pub(crate) fn directive(event: &tracing::Event<'_>, now: Timestamp) -> Option<Value> {
    let has = |name: &str| event.metadata().fields().field(name).is_some();
    let metrics = METRICS.iter().filter(|(name, _)| has(name));
    let metrics: Vec<Value> = metrics.map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    if metrics.is_empty() {
        return None;
    }
    let dimensions: Vec<&str> = DIMENSIONS.into_iter().filter(|name| has(name)).collect();
    Some(json!({
        "Timestamp": now.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics }],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

    /// Keeps the `_aws` member of each line.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<Option<Value>>>>);

    impl<S: Subscriber> Layer<S> for Told {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(directive(event, "2026-11-21T10:00:00.5Z".parse().unwrap()));
        }
    }

    #[test]
    fn a_line_names_its_metrics_and_a_line_without_any_names_none() {
        let told = Told::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(told.clone()), || {
            tracing::info!(
                "OutboxAge" = 3.0,
                "OutboxSent" = 2,
                "OutboxFailed" = 0,
                function = "relay",
                "relayed"
            );
            tracing::info!(event = "start", function = "relay", "a line like any other");
        });
        let expected = json!({
            "Timestamp": 1_795_255_200_500_i64,
            "CloudWatchMetrics": [{
                "Namespace": "Grafono",
                "Dimensions": [["function"]],
                "Metrics": [
                    { "Name": "OutboxAge", "Unit": "Seconds" },
                    { "Name": "OutboxSent", "Unit": "Count" },
                    { "Name": "OutboxFailed", "Unit": "Count" },
                ],
            }],
        });
        assert_eq!(*told.0.lock().unwrap(), [Some(expected), None]);
    }
}
