//! Everything that sends statements, each at least once: the sample of each endpoint, the events that come of it to each
//! consumer, a run of each worker; and what only rare branches send, with the request that reaches it.

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use payment_sandbox::Fault as ProviderFault;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::{Clock as _, Ids as _, SystemIds};
use shared::failure::Fault;
use shared::http::Declaration;
use shared::mail::{MAIL_REFUSED, Unsent};
use shared::outbox::{Event, Message, Queue, SendError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::{NoticeQueue, TestRequest, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use uuid::Uuid;

/// How long a worker runs: the database has work for hours. A delivery is begun only while twenty seconds are left,
/// and a payment looked at, or a clinic sealed, while twelve are.
fn time(worker: &str) -> Duration {
    let seconds = match worker {
        "deliver-webhooks" => 23,
        "sweep-payments" | "seal-ledger" => 14,
        _ => 3,
    };
    Duration::from_secs(seconds)
}

/// Sends in this world what clients send, and hands on what comes of it.
pub(crate) async fn send_requests(world: &World) {
    let before = events(world).await.into_iter().map(|event| event.id).collect();
    for endpoint in world.app.declarations() {
        let answer = world.app.send(world.request(endpoint.name)).await;
        let fine = answer.status < 300 || endpoint.route.is_catch_all();
        assert!(fine, "{}: {}", endpoint.name, answer.text);
        turn_pages(world, endpoint).await;
    }
    let wrong = json!({ "email": "demo@grafono.example", "password": "not my password" });
    assert_eq!(world.app.send(TestRequest::post("/api/v1/auth/login", &wrong)).await.status, 401);
    reuse_a_token(world).await;
    explain_money(world).await;
    give_back(world).await;
    take_cards(world).await;
    filter_audit_log(world).await;
    let traffic = Traffic { world, before };
    traffic.fail_a_job().await;
    traffic.refuse_mails().await;
    traffic.hand_over_events().await;
    traffic.send_a_mail_twice().await;
}

/// Reads two pages of a list, and how much there is.
async fn turn_pages(world: &World, endpoint: &Declaration) {
    let query = (endpoint.query_schema)(&mut schemars::SchemaGenerator::default());
    if !query.is_some_and(|query| query.to_value()["properties"]["cursor"].is_object()) {
        return;
    }
    let page = async |query: &str| world.app.send(world.request(endpoint.name).query(query)).await;
    let first = page("limit=1&includeTotal=true").await;
    let cursor = first.json["meta"]["nextCursor"].as_str().unwrap_or_else(|| unreachable!("{}", first.text));
    assert_eq!(page(&format!("limit=1&cursor={cursor}")).await.status, 200, "{}", endpoint.name);
}

/// Asks what the ledger is made of, by each filter and of other instants.
async fn explain_money(world: &World) {
    let patient = world.tenant.clinic;
    for filters in [
        format!("patientId={patient}"),
        "type=income".to_owned(),
        "type=payment".to_owned(),
        "type=dispute".to_owned(),
        format!("patientId={patient}&type=reversal"),
        "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z".to_owned(),
    ] {
        let request = world.request("list-transactions").query(&format!("{filters}&includeTotal=true"));
        let answer = world.app.send(request).await;
        assert_eq!(answer.status, 200, "{filters}: {}", answer.text);
    }
    for filters in ["", "type=income", "type=dispute", "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"] {
        let query = format!("{filters}&includeTotal=true");
        let answer = world
            .app
            .send(world.request("list-patient-transactions").query(query.trim_start_matches('&')))
            .await;
        assert_eq!(answer.status, 200, "{filters}: {}", answer.text);
    }
    for filters in
        [format!("patientId={patient}"), "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z".to_owned()]
    {
        let request = world.request("list-receipts").query(&format!("{filters}&includeTotal=true"));
        let answer = world.app.send(request).await;
        assert_eq!(answer.status, 200, "{filters}: {}", answer.text);
    }
    for query in ["explain=true", "asOf=2026-01-01T00:00:00Z", "asOf=2026-06-01T00:00:00Z&explain=true"] {
        let answer = world.app.send(world.request("get-balance").query(query)).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    }
}

/// Takes cards whose provider cannot be asked, does not know yet, and refuses later.
async fn take_cards(world: &World) {
    let card = |method: &str| {
        let body = json!({
            "patientId": world.tenant.clinic, "amountMinor": 1, "currency": "BRL", "paymentMethod": method,
        });
        TestRequest::post("/api/v1/payments", &body).token(world.tenant.owner()).key(method)
    };
    world.app.payments.fail_next(ProviderFault::Refuse429);
    assert_eq!(world.app.send(card("pm_card_visa")).await.status, 503);
    assert_eq!(world.app.send(card("pm_sandbox_processing")).await.status, 202);
    // It is refused later, and cannot be cancelled when that is told.
    let intent = world.app.payments.intents().pop().unwrap();
    assert!(world.app.payments.settle(&intent.id, false));
    world.app.payments.fail_next(ProviderFault::LostBefore);
    let event = world.app.payments.events().pop().unwrap();
    assert_eq!(world.app.send(world.app.tells(&event)).await.status, 204);
}

/// Gives money back of which nobody knows at first, and takes what banks and dashboards do.
async fn give_back(world: &World) {
    let body = json!({
        "patientId": world.tenant.clinic, "amountMinor": 1_000, "currency": "BRL", "paymentMethod": "pm_card_pendingRefund",
    });
    let card = TestRequest::post("/api/v1/payments", &body).token(world.tenant.owner()).key("given back");
    let taken = world.app.send(card).await;
    let path = format!("/api/v1/payments/{}/refunds", taken.data()["id"].as_str().unwrap_or_default());
    let part = |amount: i64| {
        let body = json!({ "amountMinor": amount });
        TestRequest::post(&path, &body).token(world.tenant.owner()).key(&amount.to_string())
    };
    assert_eq!(world.app.send(part(1)).await.status, 202);
    world.app.payments.fail_next(ProviderFault::Refuse403);
    assert_eq!(world.app.send(part(2)).await.status, 202);
    let made = world.app.payments.refunds().pop().unwrap();
    let before = world.app.payments.events().len();
    assert!(world.app.payments.end_refund(&made.id, false));
    assert!(world.app.payments.refund_elsewhere(&made.intent, 3).is_some());
    for is_won in [true, false] {
        let dispute = world.app.payments.dispute(&made.intent, 4).unwrap();
        assert!(world.app.payments.close_dispute(&dispute, is_won));
    }
    for event in &world.app.payments.events()[before..] {
        assert_eq!(world.app.send(world.app.tells(event)).await.status, 204, "{}", event.kind);
    }
}

/// Asks who did what by each filter: what is rare in the log, what most of it is, and what is not there.
async fn filter_audit_log(world: &World) {
    let (owner, nobody) = (world.tenant.user(Role::Owner), Uuid::nil());
    let clinic = world.tenant.clinic;
    let busiest =
        "SELECT actor_id FROM kernel.audit_log WHERE clinic_id = '{clinic}' AND request_id = 'sample'
                    GROUP BY actor_id ORDER BY count(*) DESC LIMIT 1";
    let busiest = world.app.database.value(&busiest.replace("{clinic}", &clinic.to_string())).await;
    for filters in [
        format!("actorId={owner}"),
        format!("actorId={busiest}"),
        format!("actorId={nobody}"),
        format!("actorId={clinic}"),
        "subject=patient".to_owned(),
        "subject=webhook_endpoint".to_owned(),
        "subject=nothing".to_owned(),
        format!("about={clinic}"),
        format!("actorId={owner}&subject=patient&about={clinic}"),
        format!("actorId={busiest}&subject=patient"),
    ] {
        let request = world.request("list-audit-log").query(&format!("{filters}&includeTotal=true"));
        let answer = world.app.send(request).await;
        assert_eq!(answer.status, 200, "{filters}: {}", answer.text);
    }
}

/// Signs in, and refreshes by the same token twice, so late that the second one ends the session.
async fn reuse_a_token(world: &World) {
    let signed_in = world.app.send(world.request("login")).await;
    let body = json!({ "refreshToken": signed_in.data()["refreshToken"] });
    for expected in [200, 401] {
        world.app.clock.advance(SignedDuration::from_secs(10));
        assert_eq!(world.app.send(TestRequest::post("/api/v1/auth/refresh", &body)).await.status, expected);
    }
}

/// All events but those that the tables were filled with.
async fn events(world: &World) -> Vec<Event> {
    world.app.events_where("kind NOT LIKE 'sample.%'").await
}

/// A world in which requests were sent.
struct Traffic<'a> {
    world: &'a World,
    before: BTreeSet<Uuid>,
}

impl Traffic<'_> {
    /// The events that came of the requests.
    async fn announced(&self) -> Vec<Event> {
        events(self.world).await.into_iter().filter(|event| !self.before.contains(&event.id)).collect()
    }

    async fn first(&self, kind: &str) -> Event {
        let found = self.announced().await.into_iter().find(|event| event.kind == kind);
        found.unwrap_or_else(|| unreachable!("no {kind}"))
    }

    async fn take(&self, consumer: &str, event: &Event) -> Result<(), Fault> {
        self.world.app.take(consumer, event).await
    }

    /// Hands every event to each consumer that hears it, and those that come of it.
    async fn hand_over_events(&self) {
        let mut known = BTreeSet::new();
        loop {
            let new = self.announced().await.into_iter().filter(|event| known.insert(event.id));
            let new: Vec<Event> = new.collect();
            if new.is_empty() {
                return;
            }
            for consumer in grafono::modules().into_iter().flat_map(|module| module.consumers) {
                for event in new.iter().filter(|event| consumer.kinds.contains(&event.kind.as_str())) {
                    self.take(consumer.name, event).await.unwrap();
                }
            }
        }
    }

    /// An event that is not its stream's turn, at the last attempt.
    async fn fail_a_job(&self) {
        let mut event = self.first("patient.export_requested").await;
        (event.id, event.seq) = (SystemIds.new_id(self.world.app.clock.now()), 2);
        assert!(self.world.app.take_last("export-patient-record", &event).await.is_err());
    }

    /// A mail whose provider is away, and then refuses it.
    async fn refuse_mails(&self) {
        let signed_up = self.first("clinic.created").await;
        self.take("request-email-verification", &signed_up).await.unwrap();
        let requested = self.first("mail.requested").await;
        self.world.app.mail.fail_next(Unsent::Failed("away".to_owned()));
        assert!(self.take("send-mail", &requested).await.is_err());
        self.world.app.mail.fail_next(Unsent::Refused(MAIL_REFUSED));
        self.take("send-mail", &requested).await.unwrap();
    }

    /// A mail that waits, by two events.
    async fn send_a_mail_twice(&self) {
        let sql = "SELECT id FROM kernel.mails WHERE state = 'queued' AND clinic_id = '{clinic}' LIMIT 1";
        let clinic = self.world.tenant.clinic;
        let mail = self.world.app.database.value(&sql.replace("{clinic}", &clinic.to_string())).await;
        let mut event = self.first("mail.requested").await;
        (event.clinic_id, event.aggregate_id) = (clinic, mail.parse().unwrap());
        event.ids = [("mailId".to_owned(), event.aggregate_id)].into();
        for _ in 0..2 {
            event.id = SystemIds.new_id(self.world.app.clock.now());
            self.take("send-mail", &event).await.unwrap();
        }
    }
}

/// Runs each worker for a while, over all clinics: over queues that refuse, a receiver of webhooks that is gone for good,
/// one that answers its test, and a notice of a mail that came back.
pub(crate) async fn run_workers(world: &World) {
    let (receiver, tested) = (receiver("410 Gone").await, receiver("204 No Content").await);
    let database = &world.app.database;
    let sql =
        "UPDATE platform.webhook_endpoints SET url = '{receiver}' WHERE clinic_id = '{clinic}' AND slot = 1;
               UPDATE platform.webhook_endpoints SET url = '{tested}' WHERE NOT is_confirmed;
               UPDATE platform.webhook_deliveries SET due_at = due_at - interval '1 day' WHERE kind = 'webhook.test';
               UPDATE kernel.outbox SET kind = 'patient.created', attempts = 4 * (random() * 2)::int
                WHERE sent_at IS NULL AND kind = 'sample.updated' AND clinic_id = '{clinic}'";
    let clinic = world.tenant.clinic.to_string();
    let sql = sql.replace("{receiver}", &receiver).replace("{tested}", &tested);
    database.run(&sql.replace("{clinic}", &clinic)).await;
    let notices = NoticeQueue::made().await;
    notices.publish(&complaint(world)).await;
    for worker in grafono::modules().into_iter().flat_map(|module| module.workers) {
        let queues = Arc::new(Moody::default());
        let ran = world.app.work_for(time(worker.name), worker.name, queues, notices.open()).await;
        match ran {
            // It compares, and has done nothing when all of it fits.
            Ok(done) => {
                assert!(done > 0 || worker.name == "reconcile", "{} finds nothing to do", worker.name);
            }
            Err(fault) => assert_eq!(fault.private.as_deref(), Some("a queue does not answer")),
        }
    }
}

/// SES's notice that the sample's mail was taken for spam.
fn complaint(world: &World) -> Value {
    json!({
        "eventType": "Complaint",
        "mail": { "tags": { "clinic": [world.tenant.clinic], "mail": [world.tenant.clinic] } },
        "complaint": { "timestamp": "2026-01-02T00:00:00.000Z" },
    })
}

/// The address of a server that answers every request with this status.
async fn receiver(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = client.read(&mut request).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// Queues that take some messages, refuse some, and leave some unanswered.
#[derive(Debug, Default)]
struct Moody(AtomicUsize);

impl Queue for Moody {
    fn send<'a>(
        &'a self,
        _consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        let outcome = |_: &Message| match self.0.fetch_add(1, Ordering::Relaxed) % 7 {
            0 => Err(SendError::Held),
            1 => Err(SendError::Unreachable),
            2 | 3 => Err(SendError::Refused("sample".to_owned())),
            _ => Ok(()),
        };
        Box::pin(std::future::ready(batch.iter().map(outcome).collect()))
    }
}
