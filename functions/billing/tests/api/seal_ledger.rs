use super::{app, assert_books_balance, income, patient, record};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::SignedDuration;
use serde_json::Value;
use shared::clock::Clock as _;
use std::fmt::Write as _;
use std::sync::Arc;
use testkit::lambda::{Environment, FAR_AWAY, program};
use testkit::{Tenant, TestApp};
use tokio_postgres::{Client, NoTls};

/// A run of the worker; how many seals it makes.
async fn seal(app: &TestApp) -> usize {
    app.work("seal-ledger", None).await.unwrap()
}

/// The run of a minute later.
async fn seal_later(app: &TestApp) -> usize {
    app.clock.advance(SignedDuration::from_mins(1));
    seal(app).await
}

async fn book(app: &TestApp, tenant: &Tenant, patient: &str, key: &str) {
    let recorded = app.send(record(tenant, &income(patient), key)).await;
    assert_eq!(recorded.status, 201, "{}", recorded.text);
}

/// Books so many entries for each of so many new patients, by hand.
async fn book_many(app: &TestApp, tenant: &Tenant, patients: u32, entries: u32) {
    let sql = "SET session_replication_role = replica;
               WITH made AS (
                   INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
                   SELECT '{clinic}', uuidv7(), 'BRL', {entries}, {entries}, now(), now() FROM generate_series(1, {patients})
                   RETURNING clinic_id, patient_id)
               INSERT INTO billing.transfers
                      (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, seq,
                       balance_after_minor, occurred_on, created_at)
               SELECT uuidv7(), clinic_id, patient_id, 'income', 'cash', 'patient', 1, 'BRL', 'pix', seq, seq, now(), now()
                 FROM made, generate_series(1, {entries}) AS seq";
    let sql =
        sql.replace("{clinic}", &tenant.clinic.to_string()).replace("{patients}", &patients.to_string());
    app.database.run(&sql.replace("{entries}", &entries.to_string())).await;
}

/// An entry at that place of the patient, booked so many hours ago, behind the program's back.
fn entry(tenant: &Tenant, patient: &str, seq: u32, hours: u32) -> String {
    format!(
        "INSERT INTO billing.transfers
                (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, seq,
                 balance_after_minor, occurred_on, created_at)
         VALUES (uuidv7(), '{}', '{patient}', 'income', 'cash', 'patient', 1, 'BRL', 'pix', {seq}, {seq}, now(),
                 now() - interval '{hours} hours')",
        tenant.clinic
    )
}

/// The patient's balance that has counted so many entries.
fn counted(tenant: &Tenant, patient: &str, entries: u32) -> String {
    format!(
        "INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
         VALUES ('{}', '{patient}', 'BRL', {entries}, {entries}, now(), now())
         ON CONFLICT (clinic_id, patient_id) DO UPDATE SET seq = EXCLUDED.seq, balance_minor = EXCLUDED.balance_minor",
        tenant.clinic
    )
}

/// How many entries each of the clinic's seals covers.
async fn sizes(app: &TestApp, tenant: &Tenant) -> Vec<String> {
    let sql = format!(
        "SELECT entries FROM billing.ledger_seals WHERE clinic_id = '{}' ORDER BY number",
        tenant.clinic
    );
    app.database.rows(&sql).await.into_iter().flatten().collect()
}

/// Which places of the patient are sealed, part by part.
async fn parts(app: &TestApp, patient: &str) -> Vec<String> {
    let sql = format!(
        "SELECT first_seq || '-' || last_seq FROM billing.ledger_seal_parts WHERE patient_id = '{patient}' ORDER BY last_seq"
    );
    app.database.rows(&sql).await.into_iter().flatten().collect()
}

/// Whether everything that is booked is sealed once, each patient's entries without a gap, and the chain is whole.
async fn assert_all_is_sealed(app: &TestApp) {
    let unsealed = "SELECT b.patient_id, b.seq FROM billing.balances AS b
                     WHERE b.seq IS DISTINCT FROM (SELECT sum(p.last_seq - p.first_seq + 1) FROM billing.ledger_seal_parts AS p
                                                    WHERE p.clinic_id = b.clinic_id AND p.patient_id = b.patient_id)";
    assert_eq!(app.database.rows(unsealed).await, Vec::<Vec<String>>::new());
    let gaps = "SELECT count(*)
                  FROM (SELECT first_seq - 1 AS before, COALESCE(lag(last_seq) OVER of_patient, 0) AS sealed
                          FROM billing.ledger_seal_parts
                        WINDOW of_patient AS (PARTITION BY clinic_id, patient_id ORDER BY last_seq)) AS p
                 WHERE before <> sealed";
    assert_eq!(app.database.value(gaps).await, "0");
    let broken = "SELECT count(*)
                    FROM (SELECT number, previous_hash, row_number() OVER of_clinic AS place,
                                 COALESCE(lag(hash) OVER of_clinic, sha256(uuid_send(clinic_id))) AS before
                            FROM billing.ledger_seals
                          WINDOW of_clinic AS (PARTITION BY clinic_id ORDER BY number)) AS s
                   WHERE number <> place OR previous_hash <> before";
    assert_eq!(app.database.value(broken).await, "0");
}

async fn client(app: &TestApp) -> Client {
    let (client, connection) = tokio_postgres::connect(&app.database.url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn what_was_booked_is_sealed_once_and_without_news_there_is_no_seal() {
    let (app, tenant) = app().await;
    assert_eq!(seal(&app).await, 0, "nothing to seal");
    let (first, second) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
    book(&app, &tenant, &first, "1").await;
    book(&app, &tenant, &first, "2").await;
    book(&app, &tenant, &second, "3").await;

    assert_eq!(seal(&app).await, 1);

    assert_eq!(sizes(&app, &tenant).await, ["3"]);
    assert_eq!(
        (parts(&app, &first).await, parts(&app, &second).await),
        (vec!["1-2".to_owned()], vec!["1-1".to_owned()])
    );
    assert_eq!(seal_later(&app).await, 0, "nothing new");
    book(&app, &tenant, &first, "4").await;
    assert_eq!(seal_later(&app).await, 1);
    assert_eq!(parts(&app, &first).await, ["1-2", "3-3"]);
    assert_all_is_sealed(&app).await;
}

#[tokio::test]
async fn the_built_worker_tells_the_log_the_hash_of_each_seal() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    book(&app, &tenant, &patient, "1").await;
    let url = app.database.function_url("ledger_sealer");
    let mut worker = Environment::start(&program("seal-ledger"), &[("DATABASE_URL", &url)]).await;
    worker.ready().await;

    worker.invoke(include_str!("../../../../events/seal-ledger.json"), FAR_AWAY).await;

    let log = worker.stopped().await;
    let line = log.lines().find(|line| line.contains(r#""event":"ledger.sealed""#)).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    let sql = "SELECT clinic_id, number, encode(hash, 'hex'), entries FROM billing.ledger_seals";
    let row = app.database.rows(sql).await.remove(0);
    let told = [&line["clinicId"], &line["seal"], &line["hash"], &line["entries"]];
    assert_eq!(told.map(|value| value.to_string().trim_matches('"').to_owned()), row[..]);
}

/// The hexadecimal digits of SHA-256.
fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The hash of each of the patient's entries, from what stands in the row, as docs/ledger.md says.
async fn entry_hashes(app: &TestApp, patient: &str) -> Vec<u8> {
    let sql = format!(
        "SELECT clinic_id, patient_id, seq, id, kind, debit_account, credit_account, amount_minor, currency, method, description,
                source, source_id, reverses_id, balance_after_minor, to_char(occurred_on, 'YYYY-MM-DD'),
                (extract(epoch FROM created_at) * 1000000)::bigint
           FROM billing.transfers WHERE patient_id = '{patient}' ORDER BY seq"
    );
    let mut hashes = Vec::new();
    for row in app.database.rows(&sql).await {
        let values = row.iter().enumerate().map(|(place, value)| match place {
            _ if value == "NULL" => "null".to_owned(),
            2 | 7 | 14 | 16 => value.clone(),
            _ => serde_json::to_string(value).unwrap(),
        });
        let text = format!("[{}]", values.collect::<Vec<_>>().join(", "));
        hashes.extend(bytes(&sha256(text.as_bytes())));
    }
    hashes
}

#[tokio::test]
async fn hashes_are_of_the_rows_alone_whatever_a_session_is_set_to() {
    let (app, tenant) = app().await;
    for set in [
        "datestyle = 'German, DMY'",
        "timezone = 'Asia/Tokyo'",
        "bytea_output = 'escape'",
        "extra_float_digits = -15",
        "intervalstyle = 'sql_standard'",
        "standard_conforming_strings = off",
    ] {
        app.database.run(&format!("ALTER DATABASE {} SET {set}", app.database.name())).await;
    }
    let patient = patient(&app, &tenant).await;
    let mut described = income(&patient);
    described["description"] = "Sessão \"dupla\", \\o/ \u{1f600}".into();
    assert_eq!(app.send(record(&tenant, &described, "1")).await.status, 201);
    book(&app, &tenant, &patient, "2").await;
    seal(&app).await;
    let part = "SELECT encode(hash, 'hex') FROM billing.ledger_seal_parts";
    assert_eq!(app.database.value(part).await, sha256(&entry_hashes(&app, &patient).await));

    book(&app, &tenant, &patient, "3").await;
    seal_later(&app).await;

    let sql = "SELECT number, entries, (extract(epoch FROM created_at) * 1000000)::bigint, encode(content_hash, 'hex'),
                      encode(previous_hash, 'hex'), encode(hash, 'hex')
                 FROM billing.ledger_seals ORDER BY number";
    let mut previous = sha256(tenant.clinic.as_bytes());
    for row in app.database.rows(sql).await {
        let numbers = row[..3].iter().flat_map(|number| number.parse::<i64>().unwrap().to_be_bytes());
        let text = bytes(&previous).into_iter().chain(numbers).chain(bytes(&row[3])).collect::<Vec<_>>();
        assert_eq!((&row[4], &row[5]), (&previous, &sha256(&text)));
        previous.clone_from(&row[5]);
    }
    assert_eq!(sizes(&app, &tenant).await, ["2", "1"]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn while_24_write_whatever_is_sealed_has_no_gap_and_in_the_end_all_of_it_is() {
        let (app, tenant) = app().await;
        let mut patients = Vec::new();
        for _ in 0..6 {
            patients.push(patient(&app, &tenant).await);
        }
        let requests =
            (0..120).map(|number| record(&tenant, &income(&patients[number % 6]), &number.to_string()));
        let requests: Vec<_> = requests.collect();
        let sealing = tokio::spawn({
            let app = Arc::clone(&app);
            async move {
                let mut seals = 0;
                for _ in 0..12 {
                    app.clock.advance(SignedDuration::from_secs(31));
                    seals += seal(&app).await;
                }
                seals
            }
        });

        for writers in requests.chunks(24) {
            let answers = app.send_at_once(writers.to_vec()).await;
            assert!(answers.iter().all(|answer| answer.status == 201));
        }

        let during = sealing.await.unwrap();
        seal_later(&app).await;
        assert!(during > 0);
        assert_all_is_sealed(&app).await;
        assert_books_balance(&app).await;
    }

    #[tokio::test]
    async fn of_eight_sealers_one_seals_each_clinic_and_none_fails() {
        let (app, tenant) = app().await;
        let tenants = [tenant, app.tenant().await, app.tenant().await];
        for round in 1..=3 {
            for tenant in &tenants {
                book_many(&app, tenant, 5, 40).await;
            }
            app.clock.advance(SignedDuration::from_mins(1));
            let sealers: Vec<_> = (0..8)
                .map(|_| {
                    let app = Arc::clone(&app);
                    tokio::spawn(async move { seal(&app).await })
                })
                .collect();
            let mut seals = 0;
            for sealer in sealers {
                seals += sealer.await.unwrap();
            }
            assert_eq!(seals, 3, "round {round}");
        }
        for tenant in &tenants {
            assert_eq!(sizes(&app, tenant).await, ["200", "200", "200"]);
        }
        assert_all_is_sealed(&app).await;
    }

    #[tokio::test]
    async fn a_sealer_whom_another_one_is_ahead_of_neither_waits_nor_fails() {
        let (app, tenant) = app().await;
        book_many(&app, &tenant, 1, 1).await;
        let other = client(&app).await;
        let held = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('billing.seal_ledger {}', 0))",
            tenant.clinic
        );
        other.batch_execute(&held).await.unwrap();
        assert_eq!(seal(&app).await, 0);
        other.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(seal(&app).await, 1);
    }

    #[tokio::test]
    async fn what_is_committed_after_a_seal_that_it_is_older_than_is_sealed_by_the_next_one() {
        let (app, tenant) = app().await;
        let (late, early) = (patient(&app, &tenant).await, patient(&app, &tenant).await);
        let writer = client(&app).await;
        let booking = format!("BEGIN; {}; {}", counted(&tenant, &late, 1), entry(&tenant, &late, 1, 0));
        writer.batch_execute(&booking).await.unwrap();
        app.clock.advance(SignedDuration::from_secs(1));
        book(&app, &tenant, &early, "1").await;
        assert_eq!(seal(&app).await, 1);
        assert_eq!(sizes(&app, &tenant).await, ["1"]);

        // Longer than any transaction of ours lasts.
        app.clock.advance(SignedDuration::from_mins(58));
        app.database.run(&format!("{}; {}", counted(&tenant, &early, 2), entry(&tenant, &early, 2, 0))).await;
        assert_eq!(seal(&app).await, 1);
        writer.batch_execute("COMMIT").await.unwrap();

        assert_eq!(seal_later(&app).await, 1);
        assert_eq!(parts(&app, &late).await, ["1-1"]);
        assert_all_is_sealed(&app).await;
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn an_entry_behind_one_that_is_not_there_yet_waits_for_it() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        book(&app, &tenant, &patient, "1").await;
        app.database
            .run(&format!("{}; {}", counted(&tenant, &patient, 4), entry(&tenant, &patient, 4, 0)))
            .await;
        let writer = client(&app).await;
        let missing =
            format!("BEGIN; {}; {}", entry(&tenant, &patient, 2, 0), entry(&tenant, &patient, 3, 0));
        writer.batch_execute(&missing).await.unwrap();

        assert_eq!(seal(&app).await, 1);
        assert_eq!(seal_later(&app).await, 0);
        assert_eq!(parts(&app, &patient).await, ["1-1"], "the fourth waits for the second");

        writer.batch_execute("COMMIT").await.unwrap();
        assert_eq!(seal_later(&app).await, 1);
        assert_eq!(parts(&app, &patient).await, ["1-1", "2-4"]);
    }

    #[tokio::test]
    async fn an_entry_with_a_time_of_long_ago_is_sealed_at_the_clinics_minute_of_the_day() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let bytes = tenant.clinic.into_bytes();
        let minute = (i64::from(bytes[14]) * 256 + i64::from(bytes[15])) % 1_440;
        let until = |minute: i64| {
            let now = app.clock.now().as_second().div_euclid(60);
            SignedDuration::from_mins((minute - now).rem_euclid(1_440))
        };
        book(&app, &tenant, &patient, "1").await;
        app.clock.advance(until(minute + 1));
        assert_eq!(seal(&app).await, 1);
        app.database
            .run(&format!("{}; {}", counted(&tenant, &patient, 2), entry(&tenant, &patient, 2, 48)))
            .await;
        for _ in 0..3 {
            assert_eq!(seal_later(&app).await, 0);
        }

        app.clock.advance(until(minute));

        assert_eq!(seal(&app).await, 1);
        assert_eq!(parts(&app, &patient).await, ["1-1", "2-2"]);
    }

    #[tokio::test]
    async fn each_clinic_has_a_chain_of_its_own() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        book_many(&app, &tenant, 1, 1).await;
        book_many(&app, &other, 1, 1).await;
        assert_eq!(seal(&app).await, 2);
        book_many(&app, &other, 1, 1).await;
        assert_eq!(seal_later(&app).await, 1);
        assert_eq!((sizes(&app, &tenant).await.len(), sizes(&app, &other).await.len()), (1, 2));
        let first = "SELECT count(DISTINCT previous_hash) FROM billing.ledger_seals WHERE number = 1";
        assert_eq!(app.database.value(first).await, "2");
        assert_all_is_sealed(&app).await;
    }

    #[tokio::test]
    async fn the_sealers_own_role_sees_places_and_nothing_of_what_was_booked() {
        let (app, tenant) = app().await;
        book_many(&app, &tenant, 1, 1).await;
        seal(&app).await;
        for refused in [
            "SELECT amount_minor FROM billing.transfers",
            "SELECT description FROM billing.transfers",
            "SELECT balance_minor FROM billing.balances",
            "SELECT hash FROM billing.ledger_seals",
            "SELECT hash FROM billing.ledger_seal_parts",
            "SELECT patient_id FROM billing.payments",
            "UPDATE billing.balances SET seq = 0",
            "DELETE FROM billing.ledger_seals",
            "INSERT INTO billing.ledger_seals DEFAULT VALUES",
        ] {
            assert_eq!(
                app.database.run_as("ledger_sealer", refused).await,
                Err("42501".to_owned()),
                "{refused}"
            );
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_part_has_500_entries_at_most_and_what_is_left_over_is_sealed_at_once() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        book_many(&app, &tenant, 1, 500).await;
        book_many(&app, &other, 1, 501).await;
        assert_eq!(seal(&app).await, 3);
        assert_eq!(sizes(&app, &tenant).await, ["500"]);
        assert_eq!(sizes(&app, &other).await, ["500", "1"]);
        assert_all_is_sealed(&app).await;
    }

    #[tokio::test]
    async fn a_seal_has_200_patients_at_most_and_what_is_left_over_is_sealed_at_once() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        book_many(&app, &tenant, 200, 1).await;
        book_many(&app, &other, 201, 1).await;
        assert_eq!(seal(&app).await, 3);
        assert_eq!(sizes(&app, &tenant).await, ["200"]);
        assert_eq!(sizes(&app, &other).await, ["200", "1"]);
        assert_all_is_sealed(&app).await;
    }

    #[tokio::test]
    async fn the_horizon_moves_when_nothing_was_left_over_and_not_before() {
        let (app, tenant) = app().await;
        book_many(&app, &tenant, 1, 1).await;
        seal(&app).await;
        book_many(&app, &tenant, 1, 1_001).await;
        seal_later(&app).await;
        let sql = "SELECT entries, COALESCE(extract(epoch FROM created_at - horizon)::bigint::text, 'none')
                     FROM billing.ledger_seals ORDER BY number";
        let rows = app.database.rows(sql).await;
        let rows: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
        assert_eq!(rows, [("1", "3600"), ("500", "3660"), ("500", "3660"), ("1", "3600")]);
    }

    #[tokio::test]
    async fn a_clinic_is_sealed_twice_within_half_a_minute_only_when_something_was_left_over() {
        let (app, tenant) = app().await;
        book_many(&app, &tenant, 1, 1).await;
        assert_eq!(seal(&app).await, 1);
        book_many(&app, &tenant, 1, 1).await;
        app.clock.advance(SignedDuration::from_millis(29_999));
        assert_eq!(seal(&app).await, 0);
        app.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(seal(&app).await, 1);
        assert_all_is_sealed(&app).await;
    }

    #[tokio::test]
    async fn a_hundred_clinics_and_one_are_all_sealed_in_one_run() {
        let (app, _) = app().await;
        let sql = "SET session_replication_role = replica;
                   WITH made AS (
                       INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
                       SELECT uuidv7(), 'A clinic', 'UTC', 'BRL', 1, now(), now() FROM generate_series(1, 101) RETURNING id
                   ), counted AS (
                       INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
                       SELECT id, id, 'BRL', 1, 1, now(), now() FROM made)
                   INSERT INTO billing.transfers
                          (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, seq,
                           balance_after_minor, occurred_on, created_at)
                   SELECT id, id, id, 'income', 'cash', 'patient', 1, 'BRL', 'pix', 1, 1, now(), now() FROM made";
        app.database.run(sql).await;
        assert_eq!(seal(&app).await, 101);
        assert_all_is_sealed(&app).await;
    }
}
