use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The names, addresses, passwords and texts that tests send, and the beginnings of tokens and keys. None may come back
/// in an error, a log line or an event.
pub(crate) const CANARIES: [&str; 7] =
    ["canary", "lonely road", "beatriz lima", "ana souza", "v4.public.", "k4.secret.", "5521987650021"];

/// Fails the test when `text`, found at `place`, has a canary in it.
///
/// # Panics
///
/// When it has one.
pub fn assert_none_in(place: &str, text: &str) {
    let text = text.to_lowercase();
    for canary in CANARIES {
        assert!(!text.contains(canary), "{place} says {canary}");
    }
}

/// Looks for canaries in every log line and every span of this process from now on. Warnings and errors, such as the
/// line of a 500 with its reason, are shown when their test fails.
///
/// # Panics
///
/// When other code of this process logs already; later, where a line or a span with a canary is written.
pub fn watch_logs() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Watch);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The warnings and errors of this process so far.
static WARNED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The lines so far that warn or tell an error, of that event, each as `name=value name=value`; of all tests of this process.
pub fn warned(event: &str) -> Vec<String> {
    let lines = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    let event = format!("event=\"{event}\" ");
    lines.iter().filter(|line| line.contains(&event)).cloned().collect()
}

/// The target of our spans (see `shared::telemetry`).
const SPANS: &str = "telemetry";

struct Watch;

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Watch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // Drivers log the texts that they send; only lines of ours are written (see `shared::telemetry::logging`).
        let target = event.metadata().target();
        if target.starts_with("shared") || target.starts_with("grafono") {
            let mut line = Line(String::new());
            event.record(&mut line);
            assert_none_in("the log", &line.0);
            if *event.metadata().level() <= Level::WARN {
                say(&line.0);
                WARNED.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
            }
        }
    }

    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if span.metadata().target() == SPANS {
            let mut line = Line(String::new());
            span.record(&mut line);
            assert_none_in("a span", &line.0);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if context.metadata(id).is_some_and(|span| span.target() == SPANS) {
            let mut line = Line(String::new());
            values.record(&mut line);
            assert_none_in("a span", &line.0);
        }
    }
}

/// Prints a line. The test harness keeps it, and shows it beside the output of a failed test.
#[expect(clippy::print_stderr, reason = "beside what the test itself says")]
fn say(line: &str) {
    eprintln!("{line}");
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}
