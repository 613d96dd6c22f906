//! Every statement of every module: as it is written, and as it runs over full tables (D4, D8, D9).

use crate::plans::{Plans, Ran, faults};
use crate::seeds::{analyze, fill};
use crate::sources::{Source, production};
use crate::traffic::{run_workers, send_requests};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{TestApp, TestDatabase, World};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Statement};

/// The SQL of each statement in the sources, by its name.
fn written() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for Source { path, text } in production() {
        for part in text.split("Statement::new(").skip(1) {
            let mut texts = part.split('"');
            let [before, name, _, sql] = std::array::from_fn(|_| texts.next().unwrap_or("none"));
            assert!(before.trim().is_empty(), "{path}: a statement has its name and SQL written in it");
            assert!(!sql.contains('\\'), "{path}: {name} is plain text");
            assert!(
                all.insert(name.to_owned(), sql.to_owned()).is_none(),
                "two statements are called {name}"
            );
        }
    }
    let texts: BTreeSet<_> = all.values().collect();
    assert_eq!(texts.len(), all.len(), "two statements have one text");
    assert!(all.len() > 80, "the sources were read");
    all
}

/// Prepares a statement by its text. A parameter whose type the server cannot know from that is a text.
async fn prepare(client: &Client, sql: &str) -> Statement {
    let mut types = vec![Type::UNKNOWN; 20];
    loop {
        match client.prepare_typed(sql, &types).await {
            Ok(prepared) => return prepared,
            Err(error) if error.code() == Some(&SqlState::INDETERMINATE_DATATYPE) => {
                let message = error.as_db_error().unwrap().message();
                let place: usize = message.rsplit('$').next().unwrap().parse().unwrap();
                types[place - 1] = Type::TEXT;
            }
            Err(error) => unreachable!("{sql}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn every_statement_has_named_columns_of_built_in_types() {
    let database = TestDatabase::clone_template().await;
    let (client, connection) = tokio_postgres::connect(&database.url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let gives_rows = |sql: &str| {
        ["SELECT", "WITH"].iter().any(|first| sql.trim_start().starts_with(first))
            || sql.contains("RETURNING")
    };
    for (name, sql) in written().into_iter().filter(|(_, sql)| gives_rows(sql)) {
        for column in prepare(&client, &sql).await.columns() {
            assert_ne!(column.name(), "?column?", "{name}");
            let built_in = Type::from_oid(column.type_().oid()).is_some();
            assert!(built_in, "{name}: {} makes the driver ask for its type", column.name());
        }
    }
}

#[test]
fn statements_name_their_columns_have_no_offset_and_are_never_built_from_strings() {
    for (name, sql) in written() {
        let sql = sql.to_uppercase();
        assert!(!sql.contains("SELECT *") && !sql.contains("RETURNING *"), "{name}: D4");
        assert!(!sql.contains(" OFFSET "), "{name}: B8");
        // An export is whole, as the law has it.
        let is_export = name.ends_with(".add_export_part");
        assert!(
            is_export || !sql.contains("ORDER BY") || sql.contains("LIMIT"),
            "{name}: a list has a limit"
        );
    }
    for Source { path, text } in production().iter().filter(|source| source.path.ends_with("/db.rs")) {
        assert!(!text.contains("format!"), "{path}: SQL is plain text, values are parameters");
    }
}

/// What is wrong with how a statement ran.
fn faults_of(ran: &Ran, names: &BTreeMap<String, String>) -> Vec<String> {
    let mut all = faults(&ran.plan);
    let rows = ran.plan["Actual Rows"].as_f64().unwrap_or(0.0);
    let is_own = names.contains_key(&ran.sql);
    if is_own && rows > 1.0 && !ran.sql.contains("LIMIT") {
        all.push(format!("gives {rows} rows without LIMIT"));
    }
    let name = names.get(&ran.sql).cloned().unwrap_or_else(|| ran.sql.chars().take(120).collect());
    all.iter().map(|fault| format!("{name} as {}: {fault}", ran.role)).collect()
}

/// The names of the statements that ran since the last time. All of them, and what ran inside them, ran well.
fn ran_well(plans: &mut Plans, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    let ran = plans.take();
    let bad: BTreeSet<_> = ran.iter().flat_map(|ran| faults_of(ran, names)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    ran.iter().filter_map(|ran| names.get(&ran.sql).cloned()).collect()
}

#[tokio::test]
async fn every_statement_runs_and_none_reads_whole_tables_or_throws_most_of_what_it_reads_away() {
    let names: BTreeMap<_, _> = written().into_iter().map(|(name, sql)| (sql, name)).collect();
    let large = World::of(TestApp::of(grafono::modules()).await).await;
    let small = large.second().await;
    let database = &large.app.database;
    fill(database, large.tenant.clinic, small.tenant.clinic).await;
    analyze(database).await;
    let mut plans = Plans::of(database).await;

    send_requests(&large).await;
    let in_large = ran_well(&mut plans, &names);
    send_requests(&small).await;
    let in_small = ran_well(&mut plans, &names);
    // The probe reads nothing of a clinic, and its answer is good for five seconds.
    let differing = in_large.symmetric_difference(&in_small).filter(|name| *name != "shared.probe");
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "sent in a large clinic or in a small one, not in both: {differing:?}");
    run_workers(&large).await;
    let by_workers = ran_well(&mut plans, &names);

    let is_unseen = |name: &&String| !in_large.contains(*name) && !by_workers.contains(*name);
    let unseen: Vec<_> = names.values().filter(is_unseen).collect();
    assert!(
        unseen.is_empty(),
        "nothing sends these; a request that does belongs into traffic.rs: {unseen:?}"
    );

    // The check itself can fail.
    for (planted, fault) in [
        ("SELECT count(phone) AS phones FROM patients.patients", "reads all of patients"),
        (
            "SELECT id FROM patients.patients WHERE phone = '+1' ORDER BY clinic_id, id LIMIT 1",
            "rows of patients to keep",
        ),
    ] {
        let within = format!("SET app.clinic_id = '{}'; {planted}", large.tenant.clinic);
        database.run_as("patients", &within).await.unwrap();
        let found: Vec<String> = plans.take().iter().flat_map(|ran| faults_of(ran, &names)).collect();
        assert!(found.iter().any(|found| found.contains(fault)), "{planted}: {found:?}");
    }
}
