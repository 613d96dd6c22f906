//! Every statement of every module, as the declarations list them (D4, D8, D9).

use crate::plans::{Session, faults, report_plans};
use crate::seeds::{Seeded, fill};
use crate::sources::{Source, production};
use shared::access::{Principal, Role};
use shared::database::{RoundTrips, Statement};
use shared::http::{Call, Sample};
use shared::module::Module;
use shared::telemetry::Trace;
use std::collections::{BTreeMap, BTreeSet};
use testkit::{TestApp, TestDatabase};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// All statements that each role of a module may send, with parameters out of `seeded`: the module's own role, and those
/// of its workers.
fn listed(app: &TestApp, module: &Module, seeded: &Seeded) -> BTreeMap<&'static str, Vec<Statement<()>>> {
    let (round_trips, trace) = (
        RoundTrips::default(),
        Trace::continue_from(None, &shared::clock::SystemIds, jiff::Timestamp::UNIX_EPOCH),
    );
    let call = Call::sample(app.app_of(module.name), &trace, &round_trips, seeded.principal);
    let sample = Sample { call, existing: seeded.existing.clone() };
    let mut all = shared::module::statements(&sample);
    all.extend(module.endpoints.iter().flat_map(|endpoint| (endpoint.statements)(&sample)));
    all.extend(module.consumers.iter().flat_map(|consumer| (consumer.statements)(&sample)));
    let mut by_role = BTreeMap::from([(module.name, all)]);
    for worker in &module.workers {
        by_role.entry(worker.role).or_default().extend((worker.statements)(&sample));
    }
    by_role
}

fn nobody() -> Seeded {
    let principal = Principal { user_id: Uuid::nil(), clinic_id: Uuid::nil(), role: Role::Owner };
    Seeded { principal, existing: BTreeMap::new() }
}

#[tokio::test]
async fn every_statement_in_the_sources_is_declared_by_its_slice() {
    let app = TestApp::of(grafono::modules()).await;
    let modules = grafono::modules();
    let declared: BTreeSet<String> = modules
        .iter()
        .flat_map(|module| listed(&app, module, &nobody()).into_values().flatten())
        .map(|statement| statement.name().to_owned())
        .collect();

    let mut written = BTreeSet::new();
    for source in production() {
        let text = &source.text;
        for part in text.split("Statement::new(").skip(1) {
            if let Some(name) = part.split('"').nth(1) {
                assert!(written.insert(name.to_owned()), "two statements are called {name}");
            }
        }
    }

    assert!(written.len() > 25, "the sources were read");
    assert_eq!(written, declared, "Endpoint::statements lists what db.rs has");
}

#[tokio::test]
async fn every_statement_prepares_under_its_role_with_named_columns_of_built_in_types() {
    let app = TestApp::of(grafono::modules()).await;
    let modules = grafono::modules();
    for (role, statements) in modules.iter().flat_map(|module| listed(&app, module, &nobody())) {
        let session = Session::open(&app.database, role).await;
        for statement in statements {
            let types: Vec<Type> = statement.parameters().into_iter().map(|(_, kind)| kind).collect();
            let prepared = session.client.prepare_typed(statement.sql(), &types).await;
            let prepared =
                prepared.unwrap_or_else(|error| unreachable!("{statement:?} as {role}: {error:?}"));
            for column in prepared.columns() {
                assert_ne!(column.name(), "?column?", "{statement:?}");
                let built_in = Type::from_oid(column.type_().oid()).is_some();
                assert!(built_in, "{statement:?}: {} makes the driver ask for its type", column.name());
            }
        }
    }
}

#[test]
fn statements_name_their_columns_have_no_offset_and_are_never_built_from_strings() {
    for Source { path, text } in production() {
        for part in text.split("Statement::new(").skip(1) {
            let sql = part.split('"').nth(3).unwrap_or("").to_uppercase();
            assert!(!sql.contains("SELECT *") && !sql.contains("RETURNING *"), "{path}: D4");
            assert!(!sql.contains(" OFFSET "), "{path}: B8");
            assert!(!sql.contains("ORDER BY") || sql.contains("LIMIT"), "{path}: a list has a limit");
        }
        if path.ends_with("/db.rs") {
            assert!(!text.contains("format!"), "{path}: SQL is plain text, values are parameters");
        }
    }
}

/// Runs a statement as production does, and takes it back; what is wrong with how it ran.
async fn run(session: &Session, statement: &Statement<()>, seeded: &Seeded) -> Vec<String> {
    let (name, id) = match statement.name() {
        "identity.memberships_of_account" => ("app.account_id", seeded.existing["account"]),
        "identity.insert_clinic" => ("app.clinic_id", seeded.existing["new_clinic"]),
        _ => ("app.clinic_id", seeded.principal.clinic_id),
    };
    let scope = format!("BEGIN; SET LOCAL {name} = '{id}'; SET LOCAL app.reply = '{{}}'");
    session.client.batch_execute(&scope).await.unwrap();
    session.take_plans();
    let rows = session.client.query_typed(statement.sql(), &statement.parameters()).await;
    let rows = rows.unwrap_or_else(|error| unreachable!("{statement:?}: {error:?}"));
    session.client.batch_execute("ROLLBACK").await.unwrap();
    let plans = session.take_plans();
    assert!(!plans.is_empty(), "{statement:?}: no plan was reported");
    let mut faults: Vec<String> = plans.iter().flat_map(|plan| faults(&plan["Plan"])).collect();
    if rows.len() > 1 && !statement.sql().contains("LIMIT") {
        faults.push(format!("gives {} rows without LIMIT", rows.len()));
    }
    faults
}

async fn statements_that_run_badly(app: &TestApp, database: &TestDatabase) -> Vec<String> {
    let clinics = fill(database).await;
    report_plans(database).await;
    let mut bad = Vec::new();
    for module in grafono::modules() {
        for seeded in &clinics {
            for (role, statements) in listed(app, &module, seeded) {
                let session = Session::open(database, role).await;
                for statement in statements {
                    for fault in run(&session, &statement, seeded).await {
                        bad.push(format!("{} as {role}: {fault}", statement.name()));
                    }
                }
            }
        }
    }
    bad
}

#[tokio::test]
async fn no_statement_reads_whole_tables_or_throws_most_of_what_it_reads_away() {
    let app = TestApp::of(grafono::modules()).await;
    let bad = statements_that_run_badly(&app, &app.database).await;
    assert!(bad.is_empty(), "{bad:#?}");

    // The check itself can fail.
    let clinic = app.database.value("SELECT id FROM identity.clinics WHERE name = 'Clinic 1'").await;
    let session = Session::open(&app.database, "patients").await;
    session.client.batch_execute(&format!("SET app.clinic_id = '{clinic}'")).await.unwrap();
    for (planted, fault) in [
        ("SELECT count(phone) AS phones FROM patients.patients", "reads all of patients"),
        (
            "SELECT id FROM patients.patients WHERE phone = '+1' ORDER BY clinic_id, id LIMIT 1",
            "rows of patients to keep",
        ),
    ] {
        session.take_plans();
        session.client.query_typed(planted, &[]).await.unwrap();
        let found: Vec<String> = session.take_plans().iter().flat_map(|plan| faults(&plan["Plan"])).collect();
        assert!(found.iter().any(|found| found.contains(fault)), "{planted}: {found:?}");
    }
}
