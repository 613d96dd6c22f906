//! The world of the sample events: what must exist for each of them to succeed.
//!
//! A module says so in its `tests/world.sql`, with fixed ids. The clinic itself has the id of all samples.

use crate::{Tenant, TestApp, TestDatabase, TestRequest, WEBHOOK_SECRET};
use jiff::Timestamp;
use serde_json::Value;
use shared::clock::Clock as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The id that the sample events name things by.
pub const SAMPLE_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What stands in the second world for what may be in a database once: ids, the beginning of `verify-email`'s token,
/// which is the clinic's id in Base64, and the addresses of `login` and `create-clinic`.
const SECOND: [(&str, &str); 4] = [
    ("01890a5d-ac96", "01890a5e-ac96"),
    ("AYkKXayW", "AYkKXqyW"),
    ("demo@grafono", "second@grafono"),
    ("ana@", "second.ana@"),
];

/// A test app with the world of the sample events, in which each of them succeeds.
#[derive(Debug)]
pub struct World {
    /// The test app.
    pub app: Arc<TestApp>,
    /// The clinic whose owner sends the events.
    pub tenant: Tenant,
    is_second: bool,
}

impl World {
    /// The world in a test app.
    pub async fn of(app: impl Into<Arc<TestApp>>) -> Self {
        let app = app.into();
        let tenant = app.tenant_with_id(SAMPLE_ID.parse().unwrap()).await;
        load(&app.database, false).await;
        // More than all that the samples give back of it.
        app.payments.remember("pi_sample", 99_999_999, "brl");
        Self { app, tenant, is_second: false }
    }

    /// A second world in the same test app, of another clinic.
    pub async fn second(&self) -> Self {
        let id = in_second(SAMPLE_ID).parse().unwrap();
        let tenant = self.app.tenant_with_id(id).await;
        load(&self.app.database, true).await;
        Self { app: Arc::clone(&self.app), tenant, is_second: true }
    }

    /// A test app and a clinic of it, with nothing in it.
    pub fn empty(app: Arc<TestApp>, tenant: Tenant) -> Self {
        Self { app, tenant, is_second: false }
    }

    /// The sample event of that name, sent by the clinic's owner.
    pub fn event(&self, name: &str) -> String {
        self.as_sent(&samples(name).remove(0).1)
    }

    /// The request of that sample event.
    pub fn request(&self, name: &str) -> TestRequest {
        TestRequest::of_event(&self.event(name))
    }

    /// A sample event with its proof: the token of the clinic's owner, or the signature of SendGrid or of the
    /// payment provider.
    pub(crate) fn as_sent(&self, sample: &str) -> String {
        let sample = if self.is_second { in_second(sample) } else { sample.to_owned() };
        let event = sample.replace("ACCESS_TOKEN", self.tenant.owner());
        let event = match &self.app.sendgrid {
            Some(key) => key.sign_event(&event, self.app.clock.now()),
            None => event,
        };
        signed_by_provider(&event, self.app.clock.now())
    }
}

/// Signs an event that has the header of the payment provider's signature; leaves other events as they are.
fn signed_by_provider(event: &str, at: Timestamp) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    if event["headers"].get("stripe-signature").is_some() {
        let signature = payment_sandbox::sign(WEBHOOK_SECRET, at, event["body"].as_str().unwrap());
        event["headers"]["stripe-signature"] = signature.into();
    }
    event.to_string()
}

fn in_second(text: &str) -> String {
    SECOND.iter().fold(text.to_owned(), |text, (first, second)| text.replace(first, second))
}

/// Loads the worlds of all modules. One that refers to another's goes after that one.
async fn load(database: &TestDatabase, is_second: bool) {
    let mut waiting: Vec<String> = Vec::new();
    for module in std::fs::read_dir(root().join("functions")).unwrap() {
        let sql = std::fs::read_to_string(module.unwrap().path().join("tests/world.sql"));
        waiting.extend(sql.map(|sql| if is_second { in_second(&sql) } else { sql }));
    }
    while !waiting.is_empty() {
        let mut left = Vec::new();
        let mut last = String::new();
        for sql in &waiting {
            if let Err(state) = database.run_as("postgres", sql).await {
                left.push(sql.clone());
                last = state;
            }
        }
        assert!(left.len() < waiting.len(), "a tests/world.sql ends in SQLSTATE {last}: {left:?}");
        waiting = left;
    }
}

/// The sample events of that name, with the paths of their files.
pub(crate) fn samples(name: &str) -> Vec<(String, String)> {
    let read = |folder: &str| {
        let text =
            std::fs::read_to_string(root().join("events").join(folder).join(format!("{name}.json"))).ok()?;
        Some((format!("events/{folder}"), text))
    };
    let own = read("").unwrap_or_else(|| panic!("events/{name}.json is missing: cargo run -- generate"));
    [Some(own), read("rest"), read("function-url")].into_iter().flatten().collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
