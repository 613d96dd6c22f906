//! What the log is told of a call.

use crate::server::Server;
use crate::{asked, error, intent, provider, soon};
use serde_json::json;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, Once};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Keeps each line of ours: its level, target and fields.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        // Other targets are not written, but for those of `shared`.
        if event.metadata().target() == "grafono" {
            let mut line = String::new();
            event.record(&mut Fields(&mut line));
            self.0.lock().unwrap().push((*event.metadata().level(), line));
        }
    }
}

/// The lines of a charge that is answered like this.
async fn told(status: &str, body: &str) -> Vec<(Level, String)> {
    // Somebody always listens: a line that another test's thread is the first to write while nobody does is off for all.
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap());
    let lines = Lines::default();
    let server = Server::saying(status, body).await;
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.clone()));
    provider(&server.url).charge(&asked(), soon()).await;
    drop(guard);
    let lines = lines.0.lock().unwrap();
    lines.clone()
}

#[tokio::test]
async fn a_call_is_two_lines_with_ids_and_kinds() {
    let lines = told("200 OK", &intent("succeeded").to_string()).await;
    let [(asked, before), (answered, after)] = lines.as_slice() else { unreachable!("{lines:?}") };
    assert_eq!((*asked, *answered), (Level::INFO, Level::INFO));
    let ids = r#"operation="charge" clinicId="00000000-0000-0000-0000-000000000007" paymentId="00000000-0000-0000-0000-000000000008""#;
    assert!(before.contains(r#"event="payment.asked""#) && before.contains(ids), "{before}");
    assert!(after.contains(r#"event="payment.answered""#) && after.contains(ids), "{after}");
    assert!(after.contains(r#"kind="succeeded" status=200"#), "{after}");
}

#[tokio::test]
async fn no_card_no_decline_and_no_text_of_the_providers_is_told() {
    let mut declined = error("card_error", "card_declined");
    declined["error"]["decline_code"] = json!("stolen_card");
    let lines = told("402 Payment Required", &declined.to_string()).await;
    assert!(lines[1].1.contains(r#"kind="declined" status=402"#), "{lines:?}");
    let odd = told("400 Bad Request", &error("invalid_request_error", "Ada\nLovelace").to_string()).await;
    assert!(odd[1].1.contains(r#"code="unknown""#), "{odd:?}");
    for (_, line) in [lines, odd].concat() {
        for kept in ["pm_card", "sk_test", "Ada", "card_declined", "stolen"] {
            assert!(!line.contains(kept), "{kept}: {line}");
        }
    }
}

#[tokio::test]
async fn what_somebody_must_look_at_is_an_error() {
    let mut other = intent("succeeded");
    other["amount"] = json!(1);
    let key = error("invalid_request_error", "api_key_expired").to_string();
    let ours = error("invalid_request_error", "parameter_unknown").to_string();
    for (status, body, code) in [
        ("200 OK", other.to_string(), None),
        ("401 Unauthorized", key, Some("api_key_expired")),
        ("400 Bad Request", ours, Some("parameter_unknown")),
    ] {
        let lines = told(status, &body).await;
        let (level, line) = &lines[1];
        assert_eq!(*level, Level::ERROR, "{line}");
        assert_eq!(code.is_some(), line.contains(" code="), "{line}");
        assert!(code.is_none_or(|code| line.contains(&format!("code={code:?}"))), "{line}");
    }
    for (status, body) in [("500 Internal Server Error", String::new()), ("409 Conflict", "{}".to_owned())] {
        let lines = told(status, &body).await;
        assert_eq!(lines[1].0, Level::INFO, "{status}");
    }
}
