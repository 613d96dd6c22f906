//! What callers say is kept where it is meant to be and told nowhere else (F2, C8): a canary of its own in everything that
//! every endpoint takes. Each line of the log, span, problem document and event is looked at by the test kit as it comes; here
//! are the headers of replies, Redis, every column of the database, and what the database wrote down.

use crate::app;
use serde_json::{Map, Value, json};
use shared::clock::{Clock as _, Ids as _, SystemClock, SystemIds};
use shared::http::{Access, Declaration};
use std::collections::BTreeSet;
use testkit::{TestApp, TestDatabase, TestRequest, TestResponse, Valkey, World};

/// The columns that keep what callers say. What is secret is in none.
const KEPT: [&str; 24] = [
    "billing.payments.description",
    "billing.payments.payer",
    "billing.receipt_documents.content",
    "billing.refunds.reason",
    "billing.transfers.description",
    "billing.transfers.payer",
    "identity.accounts.email",
    "identity.accounts.email_key",
    "identity.clinics.name",
    "identity.invitations.email",
    "identity.invitations.email_key",
    "identity.invitations.name",
    "identity.memberships.name",
    "identity.sessions.device_name",
    "kernel.idempotency_keys.key",
    "kernel.idempotency_keys.reply",
    "kernel.job_parts.content",
    "patients.patient_history.state",
    "patients.patients.document",
    "patients.patients.document_key",
    "patients.patients.email",
    "patients.patients.full_name",
    "patients.patients.notes",
    "platform.webhook_endpoints.url",
];

/// Texts that are one of a few.
const CHOSEN: [&str; 3] = ["currency", "paymentMethod", "timeZone"];

/// Headers that somebody or something on the way may write anything into.
const HEADERS: [&str; 12] = [
    "user-agent",
    "referer",
    "from",
    "cookie",
    "accept-language",
    "x-request-id",
    "x-forwarded-for",
    "x-anything",
    "traceparent",
    "tracestate",
    "baggage",
    "if-none-match",
];

/// Marks that nothing else has in it.
struct Canaries {
    mark: String,
    told: usize,
}

impl Canaries {
    fn new() -> Self {
        let id = SystemIds.new_id(SystemClock.now()).simple().to_string();
        Self { mark: format!("canary{}", &id[20..]), told: 0 }
    }

    fn next(&mut self, kind: char) -> String {
        self.told += 1;
        format!("{}{kind}{}", self.mark, self.told)
    }

    /// What may be kept.
    fn word(&mut self) -> String {
        self.next('w')
    }

    /// What is kept nowhere: a password, a token, a header that nobody reads.
    fn secret(&mut self) -> String {
        self.next('s')
    }

    /// What stands in that field, if it is a text of the caller's own.
    fn field(&mut self, name: &str, schema: &Value) -> Option<Value> {
        let is_text = schema["type"].to_string().contains("\"string\"") && schema.get("enum").is_none();
        let is_own = [Value::Null, json!("email")].contains(&schema["format"]) && !CHOSEN.contains(&name);
        (is_text && is_own).then(|| match name {
            _ if schema["writeOnly"] == true => json!(self.secret()),
            "phone" => json!("+5521987650021"),
            "email" => json!(format!("{}@example.com", self.word())),
            "url" => json!(format!("https://hooks.example.com/{}", self.word())),
            _ => json!(self.word()),
        })
    }

    /// Puts canaries into the texts of the sample's objects, such as whoever pays.
    fn fill(&mut self, object: &mut Map<String, Value>) {
        for (name, said) in object.iter_mut().filter(|(_, said)| said.is_string()) {
            let word = self.word();
            *said = if name == "email" { json!(format!("{word}@example.com")) } else { json!(word) };
        }
    }

    /// The endpoint's sample, with a canary in each text of its body.
    fn sample(&mut self, world: &World, endpoint: &Declaration) -> TestRequest {
        let request = world.request(endpoint.name);
        let mut body = body(&request);
        let schema = (endpoint.body_schema)(&mut schemars::SchemaGenerator::default());
        let schema = schema.map(schemars::Schema::to_value).unwrap_or_default();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(said) = self.field(name, schema) {
                body.insert(name.clone(), said);
            }
        }
        for object in body.values_mut().filter_map(Value::as_object_mut) {
            self.fill(object);
        }
        // A list that is signed is of the one who signs.
        if body.is_empty() { request } else { request.text(&Value::Object(body).to_string()) }
    }

    /// With a canary in each of those headers.
    fn headed(&mut self, request: TestRequest) -> TestRequest {
        HEADERS.into_iter().fold(request, |request, name| request.header(name, &self.secret()))
    }

    /// Requests that are refused for what they say. Names of fields and parameters are told, so that they can be mended.
    fn refused(&mut self, request: &TestRequest, endpoint: &Declaration) -> Vec<TestRequest> {
        let all = body(request);
        let wrong: Map<String, Value> =
            all.keys().map(|name| (name.clone(), json!([self.secret()]))).collect();
        let mut unknown = all.clone();
        unknown.insert("unknown".to_owned(), json!(self.secret()));
        let mut requests = vec![
            request.clone().token(&self.secret()),
            request.clone().header("authorization", &self.secret()),
            request.clone().query(&format!("unknown={}", self.secret())),
            request.clone().header("if-match", &self.secret()),
            request.clone().header("accept", &format!("{}/x", self.secret())),
        ];
        if !all.is_empty() {
            requests.extend([
                request.clone().text(&Value::Object(wrong).to_string()),
                request.clone().text(&Value::Object(unknown).to_string()),
                request.clone().text(&format!("{{\"{}", self.secret())),
                request.clone().header("content-type", &format!("{}/x", self.secret())),
                request.clone().header("content-encoding", &self.secret()),
                request.clone().base64(&self.secret()),
            ]);
        }
        let query = (endpoint.query_schema)(&mut schemars::SchemaGenerator::default());
        let query = query.map(schemars::Schema::to_value).unwrap_or_default();
        for name in query["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            requests.push(request.clone().query(&format!("{name}={}", self.secret())));
        }
        requests
    }
}

/// The members of a request's body.
fn body(request: &TestRequest) -> Map<String, Value> {
    let event: Value = serde_json::from_str(&request.event()).unwrap();
    let body = serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
    if let Value::Object(members) = body { members } else { Map::new() }
}

/// Sends a request from an address that nobody else has, and looks at the head of its reply.
async fn send(world: &World, canaries: &Canaries, number: usize, request: TestRequest) -> TestResponse {
    let address = format!("198.51.{}.{}", 100 + number / 256, number % 256);
    let shown = format!("{} {}", request.method(), request.path());
    let answer = world.app.send(request.from(&address)).await;
    assert!(answer.status < 500, "{shown}: {}", answer.text);
    let said: Vec<_> = answer.headers().filter(|(_, value)| value.contains(&canaries.mark)).collect();
    assert!(said.is_empty(), "{shown}: {said:?}");
    assert!(!answer.text.contains(&format!("{}s", canaries.mark)), "{shown}: {}", answer.text);
    answer
}

/// The columns in which a text is found, in any form that a row shows.
async fn columns_with(database: &TestDatabase, text: &str) -> BTreeSet<String> {
    let tables = "SELECT n.nspname || '.' || c.relname
                    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')";
    let bytes = text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let mut found = BTreeSet::new();
    for table in database.rows(tables).await.into_iter().flatten() {
        let sql = format!(
            "SELECT DISTINCT '{table}.' || member.key FROM {table} AS t, jsonb_each_text(to_jsonb(t)) AS member
              WHERE member.value ILIKE '%{text}%' OR member.value ILIKE '%{bytes}%'"
        );
        found.extend(database.rows(&sql).await.into_iter().flatten());
    }
    found
}

/// What SendGrid tells of a mail, with a canary in each text.
fn notice(app: &TestApp, canaries: &mut Canaries) -> TestRequest {
    let mut event = json!({ "timestamp": 1, "clinic": testkit::SAMPLE_ID, "mail": testkit::SAMPLE_ID });
    for member in ["email", "reason", "response", "type", "sg_message_id", "useragent", "url", "category"] {
        event[member] = json!(canaries.secret());
    }
    event["event"] = json!("bounce");
    app.sendgrid.as_ref().unwrap().tell(&json!([event]).to_string(), app.clock.now())
}

#[tokio::test]
async fn what_callers_say_is_kept_where_it_is_meant_to_be_and_told_nowhere_else() {
    let (redis, mut canaries) = (Valkey::start().await, Canaries::new());
    let mut app = app().await.0;
    app.limit(Some(redis.tcp()));
    let world = World::of(app).await;
    let (mut sent, mut fine) = (0, 0);
    for endpoint in world.app.declarations() {
        let sample = canaries.sample(&world, endpoint);
        let keyed = if endpoint.policy.idempotency.takes_keys() {
            sample.clone().key(&canaries.word())
        } else {
            sample.clone()
        };
        let whole = canaries.headed(keyed);
        for request in [vec![whole], canaries.refused(&sample, endpoint)].concat() {
            sent += 1;
            let answer = send(&world, &canaries, sent, request).await;
            let is_open = endpoint.policy.access == Access::Public;
            assert!(is_open || answer.status != 429, "{}: {}", endpoint.name, answer.text);
            fine += usize::from(answer.status < 300 && !is_open);
        }
        redis.age_limits(3600);
    }
    let told = notice(&world.app, &mut canaries);
    send(&world, &canaries, sent + 1, told).await;
    for _ in 0..3 {
        world.app.work("outbox-relay", None).await.unwrap();
    }
    assert!(sent > 200 && fine > 20, "{sent} {fine}");

    let held = redis.contents();
    assert!(held.contains("grafono:limit:"), "{held}");
    for said in [canaries.mark.as_str(), "5521987650021", "198.51."] {
        assert!(!held.contains(said), "Redis says {said}: {held}");
    }
    let database = &world.app.database;
    let mut kept = columns_with(database, &format!("{}w", canaries.mark)).await;
    assert_eq!(kept, KEPT.map(str::to_owned).into(), "a column keeps what callers say, or keeps it no more");
    kept.insert("patients.patients.phone".to_owned());
    let phones = columns_with(database, "5521987650021").await;
    assert!(phones.is_subset(&kept), "{phones:?}");
    assert_eq!(
        columns_with(database, &format!("{}s", canaries.mark)).await,
        BTreeSet::new(),
        "kept of what is secret"
    );
    let written = std::fs::read_to_string(TestDatabase::server_log()).unwrap();
    assert!(!written.contains(&canaries.mark), "the database wrote a canary down");
}
