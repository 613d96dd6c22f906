//! How long the webhook deliveries of some clinics take, alone and while the receivers of others hang, drip or take long.
//! Prints a table and the ratios, in less than four minutes, on this machine's own addresses;
//! `cargo run -p grafono --example deliveries`. Not a test: figures are for comparing within one run.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement prints, and ends where it cannot go on"
)]

use grafono::background::{Background, Notify};
use jiff::SignedDuration;
use serde_json::json;
use shared::background::InProcess;
use shared::clock::{Clock as _, Ids as _, SystemIds};
use shared::outbox::Event;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::{Tenant, TestApp, TestRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The clinics whose deliveries are measured; an event for each of them every second.
const CLINICS: usize = 8;

/// How long each part takes: longer than a run of the worker, so that its end is in it.
const PART: Duration = Duration::from_secs(75);

/// How a receiver answers.
#[derive(Debug, Clone, Copy)]
enum Manner {
    AtOnce,
    Never,
    ByteByByte,
    After14Seconds,
}

/// When each event was announced, and how long its delivery took.
#[derive(Debug, Default)]
struct Seen {
    announced: HashMap<String, Instant>,
    took: Vec<Duration>,
}

/// Takes one request; a request that is sent in pieces does not come here.
async fn receive(mut client: TcpStream, manner: Manner, seen: Arc<Mutex<Seen>>) {
    let mut request = vec![0; 8192];
    let Ok(length) = client.read(&mut request).await else { return };
    let head = String::from_utf8_lossy(&request[..length]).to_lowercase();
    let id = head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default().to_owned();
    if let Manner::AtOnce = manner {
        let mut seen = seen.lock().unwrap();
        if let Some(announced) = seen.announced.remove(&id) {
            seen.took.push(announced.elapsed());
        }
    }
    match manner {
        Manner::AtOnce => {}
        Manner::Never => std::future::pending().await,
        Manner::ByteByByte => {
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nx-long: ").await;
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Manner::After14Seconds => tokio::time::sleep(Duration::from_secs(14)).await,
    }
    let _ = client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
}

/// A receiver's address.
async fn receiver(manner: Manner, seen: &Arc<Mutex<Seen>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let seen = Arc::clone(seen);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(receive(client, manner, Arc::clone(&seen)));
        }
    });
    url
}

/// A clinic with one active endpoint.
async fn clinic(app: &TestApp, manner: Manner, seen: &Arc<Mutex<Seen>>) -> Tenant {
    let tenant = app.tenant().await;
    let body = json!({ "url": receiver(manner, seen).await, "kinds": ["patient.created"] });
    let made = TestRequest::post("/api/v1/webhook-endpoints", &body).token(tenant.owner());
    assert_eq!(app.send(made).await.status, 201);
    // One that is slow would not answer its test.
    let sql = "UPDATE platform.webhook_endpoints SET is_confirmed = true;
               DELETE FROM platform.webhook_deliveries WHERE kind = 'webhook.test'";
    app.database.run(sql).await;
    tenant
}

async fn announce(app: &TestApp, tenant: &Tenant, seen: &Mutex<Seen>) {
    let (now, id) = (app.clock.now(), SystemIds.new_id(app.clock.now()));
    let event = Event {
        id: SystemIds.new_id(now),
        clinic_id: tenant.clinic,
        aggregate: "patient".to_owned(),
        aggregate_id: id,
        seq: 1,
        kind: "patient.created".to_owned(),
        ids: [("patientId".to_owned(), id)].into(),
        traceparent: String::new(),
        created_at: now,
    };
    seen.lock().unwrap().announced.insert(event.id.to_string(), Instant::now());
    app.take("fan-out-webhooks", &event).await.unwrap();
}

/// Announces an event for each of the clinics again and again, each at a time of its own.
fn announce_regularly(
    app: &Arc<TestApp>,
    clinics: Vec<Tenant>,
    every: Duration,
    seen: &Arc<Mutex<Seen>>,
) -> JoinSet<()> {
    let mut announcing = JoinSet::new();
    for (tenant, place) in clinics.into_iter().zip(0_u32..) {
        // A little more than this each, so that they are at every moment of the worker's second.
        let every = every + Duration::from_millis(37) * place;
        let (app, seen) = (Arc::clone(app), Arc::clone(seen));
        announcing.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                announce(&app, &tenant, &seen).await;
            }
        });
    }
    announcing
}

/// Has the app's clock go like any other.
async fn go(app: Arc<TestApp>) {
    let mut before = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        app.clock.advance(SignedDuration::try_from(before.elapsed()).unwrap());
        before = Instant::now();
    }
}

/// The median, the 99th percentile and the longest of one part, in milliseconds.
async fn part(what: &str, seen: &Mutex<Seen>) -> [f64; 3] {
    seen.lock().unwrap().took.clear();
    tokio::time::sleep(PART).await;
    let mut took = std::mem::take(&mut seen.lock().unwrap().took);
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    let figures = [at(50), at(99), at(100)];
    println!("{what:>24} {:>6} {:>8.0} {:>8.0} {:>8.0}", took.len(), figures[0], figures[1], figures[2]);
    figures
}

#[tokio::main]
async fn main() {
    let app = Arc::new(TestApp::of(grafono::modules()).await);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let clock = tokio::spawn(go(Arc::clone(&app)));
    let mut clinics = Vec::new();
    for _ in 0..CLINICS {
        clinics.push(clinic(&app, Manner::AtOnce, &seen).await);
    }
    let worker = app.open_worker("deliver-webhooks", Arc::new(InProcess::of(Vec::new())));
    let background = Background::start(vec![worker], &Notify::default());
    let announcing = announce_regularly(&app, clinics, Duration::from_secs(1), &seen);
    println!("{:>24} {:>6} {:>8} {:>8} {:>8}", "deliveries, ms", "", "p50", "p99", "longest");
    let alone = part("alone", &seen).await;
    let mut slow = Vec::new();
    for manner in [Manner::Never, Manner::ByteByByte, Manner::After14Seconds] {
        slow.push(clinic(&app, manner, &seen).await);
    }
    let disturbing = announce_regularly(&app, slow, Duration::from_secs(5), &seen);
    let disturbed = part("beside hanging, dripping", &seen).await;
    let ratios: Vec<String> =
        disturbed.iter().zip(alone).map(|(one, other)| format!("{:>8.2}", one / other)).collect();
    println!("{:>24} {:>6} {}", "ratio", "", ratios.join(" "));
    drop((announcing, disturbing));
    clock.abort();
    background.stop().await;
}
