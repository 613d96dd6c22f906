//! The database goes away and comes back, the program is frozen and thawed: replies are honest, nothing is lost or
//! doubled, nothing is left open.

use crate::program::{Program, new_folder, remove_folder, sql};
use crate::{income, sign_up};
use postgres_cluster::{Cluster, Options, install};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const JSON: &str = "content-type: application/json";

/// A signed-in clinic with one patient.
struct Till<'a> {
    program: &'a Program,
    bearer: String,
    patient: String,
}

impl Till<'_> {
    fn open(program: &Program) -> Till<'_> {
        let made = program
            .curl(&["-d", &sign_up("canary.till@example.com").to_string(), "-H", JSON], "/api/v1/clinics");
        let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
        let body = json!({ "fullName": "Canary A" }).to_string();
        let added = program.curl(&["-d", &body, "-H", JSON, "-H", &bearer], "/api/v1/patients");
        Till { program, bearer, patient: added["data"]["id"].as_str().unwrap().to_owned() }
    }

    /// Records an income under a key: the status, and whether the refusal says when to come again.
    fn record(&self, key: &str) -> (u16, bool) {
        let body = income(&self.patient).to_string();
        let key = format!("idempotency-key: {key}");
        let reply = self.program.curl_text(
            &["-i", "-d", &body, "-H", JSON, "-H", &self.bearer, "-H", &key],
            "/api/v1/transactions",
        );
        let status = reply.split(' ').nth(1).unwrap_or("0").parse().unwrap();
        (status, reply.contains("\r\nretry-after: "))
    }

    /// Records until it is recorded, whatever the outage answers meanwhile.
    fn insist(&self, key: &str) {
        for _ in 0..200 {
            match self.record(key) {
                (201, _) => return,
                (409 | 503 | 504, true) => pause(),
                other => unreachable!("neither done nor honestly refused: {other:?}"),
            }
        }
        unreachable!("it never came back");
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own thread waits between two tries")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn assert_books(url: &str, count: usize) {
    let sums = "SELECT count(*) || ' ' || sum(amount_minor) || ' ' || (SELECT sum(balance_minor) FROM billing.balances)
                     || ' ' || (SELECT count(*) FROM kernel.outbox WHERE kind = 'ledger.transaction_recorded')
                  FROM billing.transfers";
    let money = count * 15_000;
    assert_eq!(sql(url, sums).unwrap(), format!("{count} {money} {money} {count}"));
    // Workers go on meanwhile, and theirs are open for a moment. One that was left open is there for seconds.
    let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    let is_closed = (0..40).any(|_| {
        pause();
        sql(url, open).unwrap() == "0"
    });
    assert!(is_closed, "a transaction was left open");
}

fn start_cluster(data: &Path) -> Cluster {
    let installation = install::installation(&install::home().unwrap()).unwrap();
    let options = Options::new(installation, data.join("own"));
    tokio::runtime::Runtime::new().unwrap().block_on(Cluster::start(options)).unwrap()
}

#[test]
fn a_database_restarted_under_load_loses_and_doubles_nothing() {
    let data = new_folder();
    let cluster = start_cluster(&data);
    sql(&cluster.url("postgres", "postgres"), "CREATE DATABASE grafono");
    let url = cluster.url("postgres", "grafono");
    let program = Program::start(&["--database-url", &url]);
    let till = Till::open(&program);
    let stopped = Arc::new(AtomicBool::new(false));

    let recorded: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (till, stopped) = (&till, Arc::clone(&stopped));
                scope.spawn(move || {
                    let mut count = 0;
                    while !stopped.load(Ordering::SeqCst) || count < 10 {
                        till.insist(&format!("{writer}-{count}"));
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        pause();
        tokio::runtime::Runtime::new().unwrap().block_on(cluster.stop());
        let away = program.curl(&[], "/health/ready");
        let again = start_cluster(&data);
        stopped.store(true, Ordering::SeqCst);
        let counts = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert!(away["success"] == json!(true) || away["error"]["code"] == "NOT_READY", "{away}");
        assert_books(&url, counts);
        tokio::runtime::Runtime::new().unwrap().block_on(again.stop());
        counts
    });

    assert!(recorded >= 40, "{recorded}");
    drop(program.stop());
    remove_folder(data);
}

#[test]
fn a_program_frozen_while_its_sessions_are_ended_answers_rightly_once_thawed() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let url = program.database_url();
    let till = Till::open(&program);
    till.insist("before");

    program.signal("STOP");
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE usename IN ('identity', 'patients', 'billing', 'platform')";
    assert_ne!(sql(&url, ended).unwrap(), "0");
    program.signal("CONT");

    let read = program.curl(&["-H", &till.bearer], &format!("/api/v1/patients/{}", till.patient));
    assert_eq!(read["data"]["fullName"], "Canary A", "a read is repeated");
    till.insist("after");
    let unkeyed = json!({ "fullName": "Canary B" }).to_string();
    let added: Value = program.curl(&["-d", &unkeyed, "-H", JSON, "-H", &till.bearer], "/api/v1/patients");
    let count = sql(&url, "SELECT count(*) FROM patients.patients WHERE full_name = 'Canary B'").unwrap();
    assert_eq!(count == "1", added["success"] == json!(true), "said to be done exactly when it is: {added}");
    assert_books(&url, 2);
    drop(program.stop());
    remove_folder(data);
}
