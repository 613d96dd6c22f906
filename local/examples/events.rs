//! How fast events go from the outbox to their consumers, and what an event costs when many wait. Prints a table;
//! `cargo run --release -p grafono --example events`. Not a test: figures are for comparing within one run.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement prints, and ends where it cannot go on"
)]

use futures_util::future::BoxFuture;
use shared::outbox::{Message, Queue, SendError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::{Tenant, TestApp};

/// A queue that takes everything at once: what is left is the relay's own cost.
struct Sink;

impl Queue for Sink {
    fn send<'a>(
        &'a self,
        _consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        Box::pin(async move { vec![Ok(()); batch.len()] })
    }
}

/// Changed patients. One consumer hears of each, and makes a delivery for the clinic's one webhook endpoint.
async fn change_patients(app: &TestApp, tenant: &Tenant, count: u32) {
    let sql = format!(
        "INSERT INTO platform.webhook_endpoints (clinic_id, id, url, kinds, slot, created_at, updated_at)
         VALUES ('{clinic}', uuidv7(), 'https://example.com', '{{patient.updated}}', 1, now(), now());
         INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'patient', changed.id, 2, 'patient.updated',
                jsonb_build_object('patientId', changed.id), '', now(), now()
           FROM (SELECT uuidv7() AS id FROM generate_series(1, {count})) AS changed",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
    app.database.run("VACUUM ANALYZE").await;
}

/// Exports of one patient. Two consumers hear of each; both add what they know and move the same job on.
async fn export(app: &TestApp, tenant: &Tenant, count: u32) {
    let sql = format!(
        "WITH patient AS (
             INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
             VALUES (uuidv7(), '{clinic}', 'A patient', 1, now(), now())
             RETURNING id
         ), job AS (
             INSERT INTO kernel.jobs (id, clinic_id, module, owner_id, kind, total, expires_at, created_at, updated_at)
             SELECT uuidv7(), '{clinic}', 'patients', uuidv7(), 'patient.export', 2, '2100-01-01', now(), now()
               FROM generate_series(1, {count})
             RETURNING id)
         INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'job', job.id, 1, 'patient.export_requested',
                jsonb_build_object('jobId', job.id, 'patientId', patient.id), '', now(), now()
           FROM job, patient",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
    app.database.run("VACUUM ANALYZE").await;
}

async fn relay(app: &TestApp, queue: Option<Arc<dyn Queue>>) -> (usize, Duration) {
    let started = Instant::now();
    let done = app.work("outbox-relay", queue).await.unwrap();
    let took = started.elapsed();
    let left = "SELECT count(*) FROM kernel.outbox WHERE sent_at IS NULL";
    assert_eq!(
        app.database.value(left).await,
        "0",
        "a row is sent once its consumers have had their effects"
    );
    (done, took)
}

#[tokio::main]
async fn main() {
    println!("{:>16} {:>8} {:>10} {:>12}", "", "events", "events/s", "µs an event");
    let print = |what: &str, (done, took): (usize, Duration)| {
        let seconds = took.as_secs_f64();
        let each = seconds * 1e6 / done as f64;
        println!("{what:>16} {done:>8} {:>10.0} {each:>12.0}", done as f64 / seconds);
    };
    for round in 1..=3 {
        println!("round {round}");
        let app = TestApp::of(grafono::modules()).await;
        let tenant = app.tenant().await;
        change_patients(&app, &tenant, 5_000).await;
        print("one consumer", relay(&app, None).await);
        let app = TestApp::of(grafono::modules()).await;
        let tenant = app.tenant().await;
        export(&app, &tenant, 5_000).await;
        print("two consumers", relay(&app, None).await);
        for waiting in [1_000, 10_000, 100_000] {
            let app = TestApp::of(grafono::modules()).await;
            let tenant = app.tenant().await;
            change_patients(&app, &tenant, waiting).await;
            print(&format!("{waiting} waiting"), relay(&app, Some(Arc::new(Sink))).await);
        }
    }
}
