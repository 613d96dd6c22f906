//! Consumers and the relay as processes of their own over queues as AWS has them: killed, in twos, over many events.
//!
//! The functions of all modules are needed, and cargo builds for a test only those of its own package. So this binary
//! starts itself as a function: what runs then is the one line of the function's `main.rs`.

use crate::app;
use std::process::ExitCode;
use std::time::Duration;
use testkit::lambda::{Environment, FAR_AWAY, Outcome};
use testkit::{Queues, Tenant, TestApp, assert_none_in};
use tokio_postgres::{Client, NoTls};

/// Who hears what is announced here.
pub(crate) const CONSUMERS: [&str; 2] = ["export-patient-ledger", "export-patient-record"];

/// The variable that says which function this process is.
const FUNCTION: &str = "FUNCTION_UNDER_TEST";

/// What the clock sends to the relay.
const CLOCK: &str = include_str!("../../../events/outbox-relay.json");

#[test]
#[ignore = "no test, but what the tests start as a function"]
#[expect(clippy::disallowed_methods, reason = "a function's environment is all that it is given")]
fn function() -> ExitCode {
    match std::env::var(FUNCTION).unwrap().as_str() {
        "outbox-relay" => shared::lambda::work::<platform::outbox_relay::OutboxRelay>(),
        "export-patient-record" => {
            shared::lambda::consume::<patients::export_patient_record::ExportPatientRecord>()
        }
        "export-patient-ledger" => {
            shared::lambda::consume::<billing::ledger::export_patient_ledger::ExportPatientLedger>()
        }
        other => unreachable!("no function is called {other}"),
    }
}

/// Exports that were asked for and not heard of yet, and the queues for them.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) queues: Queues,
}

impl Scene {
    /// So many streams with so many events each; each event asks for an export of its own.
    pub(crate) async fn set(streams: u32, each: u32) -> Self {
        let (app, tenant) = app().await;
        let queues = Queues::of(&app.consumers()).await;
        announce(&app, &tenant, streams, each).await;
        Self { app, queues }
    }

    /// Starts the function of that name under that role.
    pub(crate) async fn start(&self, name: &str, role: &str) -> Environment {
        let url = self.app.database.function_url(role);
        let own = [(FUNCTION, name), ("DATABASE_URL", url.as_str())];
        let variables = [&own, &self.queues.variables()[..]].concat();
        let arguments = ["processes::function", "--exact", "--ignored", "--nocapture"];
        let program = std::env::current_exe().unwrap();
        let mut function = Environment::start_as(&program, &arguments, &variables).await;
        function.ready().await;
        function
    }

    pub(crate) async fn relay(&self) -> Environment {
        self.start("outbox-relay", "relay").await
    }

    /// The function of a consumer.
    pub(crate) async fn consumer(&self, name: &str) -> Environment {
        self.start(name, self.app.module_of_consumer(name)).await
    }

    pub(crate) async fn count(&self, of: &str) -> usize {
        self.app.database.value(&format!("SELECT count(*) FROM {of}")).await.parse().unwrap()
    }

    /// Has every consumer take what is in its queue: each of so many events is there once, and taken at the first try.
    async fn take_all(&self, events: usize) {
        for name in CONSUMERS {
            assert_eq!(self.queues.count(name).await, events, "{name}");
            let function = self.consumer(name).await;
            let mut delivered = self.queues.deliver(name, &function).await;
            function.terminate();
            let (status, log) = function.ended().await;
            assert!(status.success(), "{name}: {status}: {log}");
            assert_none_in("a consumer's log", &log);
            delivered.sort();
            delivered.dedup();
            assert!(delivered.iter().all(|(_, is_taken)| *is_taken), "{name}: {log}");
            assert_eq!(delivered.len(), events, "{name}");
            for (body, _) in delivered {
                assert_none_in("a message", &body);
            }
        }
    }

    /// Each of so many exports has both of its parts, once; nothing is left anywhere.
    async fn assert_done(&self, events: usize) {
        assert_eq!(self.count("kernel.outbox WHERE sent_at IS NULL").await, 0);
        assert_eq!(self.count("kernel.inbox").await, 2 * events);
        assert_eq!(self.count("kernel.jobs WHERE state = 'succeeded' AND done = 2").await, events);
        assert_eq!(self.count("kernel.job_parts").await, 2 * events);
        assert_eq!(self.count("kernel.dead_letters").await, 0);
        for name in CONSUMERS {
            assert_eq!(self.queues.count(name).await, 0, "{name}");
            assert_eq!(self.queues.count(&format!("{name}-dead")).await, 0, "{name}");
        }
    }
}

async fn announce(app: &TestApp, tenant: &Tenant, streams: u32, each: u32) {
    let sql = format!(
        "WITH patient AS (
             INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
             VALUES (uuidv7(), '{clinic}', 'Canary Patient', 1, now(), now())
             RETURNING id
         ), asked AS MATERIALIZED (
             SELECT stream, seq, uuidv7() AS job
               FROM (SELECT uuidv7() AS stream FROM generate_series(1, {streams})) AS streams,
                    generate_series(1, {each}) AS seq
         ), jobs AS (
             INSERT INTO kernel.jobs (id, clinic_id, module, owner_id, kind, total, expires_at, created_at, updated_at)
             SELECT job, '{clinic}', 'patients', uuidv7(), 'patient.export', 2, '2100-01-01', now(), now()
               FROM asked
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'job', stream, seq, 'patient.export_requested',
                jsonb_build_object('jobId', job, 'patientId', patient.id), '', now(), now()
           FROM asked, patient",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
}

/// How many events a run of the relay got any further.
pub(crate) async fn run(relay: &Environment) -> usize {
    let Outcome::Response(report) = relay.invoke(CLOCK, FAR_AWAY).await else {
        unreachable!("the relay failed");
    };
    report.trim_start_matches("{\"done\":").trim_end_matches('}').parse().unwrap()
}

async fn connect(app: &TestApp) -> Client {
    let (client, connection) = tokio_postgres::connect(&app.database.url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until a relay waits for a lock.
async fn until_it_waits(app: &TestApp) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND usename = 'relay' AND wait_event_type = 'Lock'";
    while app.database.value(waiting).await == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_relay_killed_between_sending_and_marking_loses_and_doubles_nothing() {
    let (streams, each, events) = (12, 5, 60);
    let scene = Scene::set(streams, each).await;
    // Its lease is of the first of each stream; to mark what it has sent it needs those behind them, too.
    let holder = connect(&scene.app).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM kernel.outbox WHERE seq = 3 FOR UPDATE").await.unwrap();

    let killed = scene.relay().await;
    tokio::select! {
        outcome = killed.invoke(CLOCK, FAR_AWAY) => unreachable!("it was to wait: {outcome:?}"),
        () = until_it_waits(&scene.app) => killed.kill(),
    }
    let (status, _) = killed.ended().await;
    assert_eq!(status.code(), None, "a signal ended it");
    // What of it is left in the database sees only later that nobody listens.
    let left = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename = 'relay'";
    assert_ne!(scene.app.database.value(left).await, "0");
    holder.batch_execute("ROLLBACK").await.unwrap();
    for name in CONSUMERS {
        assert_eq!(scene.queues.count(name).await, events, "{name} had everything before the kill");
    }
    assert_eq!(scene.count("kernel.outbox WHERE sent_at IS NULL").await, events);

    let next = scene.relay().await;
    assert_eq!(run(&next).await, 0, "the killed one still has its lease");
    let over = "UPDATE kernel.outbox SET available_at = now() WHERE available_at IS NOT NULL";
    scene.app.database.run(over).await;
    assert_eq!(run(&next).await, events);
    scene.take_all(events).await;
    scene.assert_done(events).await;
}

/// As many as make work for two; the emulator's time for a message grows with the square of what is in its queue. Within
/// one process there is the same over more than a thousand (`platform/tests/api/outbox_relay`).
#[tokio::test]
async fn two_relays_at_once_send_each_event_once() {
    let (streams, each, events) = (130, 1, 130);
    let scene = Scene::set(streams, each).await;
    let (one, other) = tokio::join!(scene.relay(), scene.relay());
    let (by_one, by_other) = tokio::join!(run(&one), async {
        while scene.count("kernel.outbox WHERE available_at IS NOT NULL").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        run(&other).await
    });
    assert_eq!(by_one + by_other, events, "{by_one} and {by_other}");
    assert!(by_one > 0 && by_other > 0, "both have worked: {by_one} and {by_other}");
    scene.take_all(events).await;
    scene.assert_done(events).await;
}
