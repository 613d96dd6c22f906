//! What each database role must not do (A4, C6, C10), tried out.

use serde_json::json;
use std::collections::BTreeMap;
use testkit::{TestApp, TestDatabase, TestRequest};

/// Insufficient privilege.
const DENIED: &str = "42501";

/// Tables that only grow.
const APPEND_ONLY: [&str; 5] = [
    "billing.transfers",
    "billing.ledger_seals",
    "billing.ledger_seal_parts",
    "patients.patient_history",
    "kernel.audit_log",
];

/// Tables without tenants: no clinic can be told from another in them.
const WITHOUT_TENANTS: [&str; 4] = [
    "identity.accounts",
    "identity.password_reset_requests",
    "identity.password_resets",
    "kernel.readiness_probes",
];

async fn tables(database: &TestDatabase) -> Vec<(String, String)> {
    let sql = "SELECT n.nspname, n.nspname || '.' || c.relname
                 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                ORDER BY 2";
    let rows = database.rows(sql).await;
    rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

fn roles() -> Vec<&'static str> {
    grafono::modules().iter().map(|module| module.name).collect()
}

#[tokio::test]
async fn what_every_module_may_do_is_granted_once() {
    let database = TestDatabase::clone_template().await;
    let modules = roles();
    let members =
        "SELECT string_agg(member::regrole::text, ' ' ORDER BY member::regrole::text) FROM pg_auth_members
                    WHERE roleid = 'modules'::regrole AND inherit_option AND NOT set_option";
    let mut sorted = modules.clone();
    sorted.sort_unstable();
    assert_eq!(database.value(members).await, sorted.join(" "));
    let repeated = format!(
        "SELECT count(*)
           FROM (SELECT c.oid, a.privilege_type
                   FROM pg_class AS c
                  CROSS JOIN aclexplode(c.relacl) AS a
                  WHERE c.relnamespace = 'kernel'::regnamespace AND a.grantee::regrole::text = ANY ('{{{0}}}')
                  GROUP BY 1, 2
                 HAVING count(*) = {1}) AS each",
        modules.join(","),
        modules.len()
    );
    assert_eq!(database.value(&repeated).await, "0", "granted to each module: grant it to the role modules");
    let named = format!(
        "SELECT count(*) FROM pg_policies
          WHERE schemaname = 'kernel' AND roles @> '{{{}}}'::name[]",
        modules.join(",")
    );
    assert_eq!(database.value(&named).await, "0", "a policy that names each module");
}

#[tokio::test]
async fn another_modules_tables_are_closed_and_only_what_it_publishes_is_open() {
    let database = TestDatabase::clone_template().await;
    let mut tried = 0;
    for role in roles() {
        for (schema, table) in tables(&database).await {
            if schema == role || schema == "kernel" {
                continue;
            }
            let verbs = [
                format!("SELECT count(*) FROM {table}"),
                format!("INSERT INTO {table} DEFAULT VALUES"),
                format!("DELETE FROM {table}"),
            ];
            let published = table.contains(".published_");
            for verb in verbs.iter().skip(usize::from(published)) {
                let refused = database.run_as(role, verb).await.unwrap_err();
                // A view that joins takes no rows from anybody.
                let takes_none = published && refused == "55000";
                assert!(refused == DENIED || takes_none, "{role}: {refused} {verb}");
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn no_role_reshapes_empties_or_owns_a_table_and_what_only_grows_is_never_changed() {
    let database = TestDatabase::clone_template().await;
    for role in roles() {
        for (schema, table) in tables(&database).await {
            if table.contains(".published_") || table.ends_with("schema_migrations") {
                continue;
            }
            let mut verbs = vec![
                format!("TRUNCATE {table}"),
                format!("ALTER TABLE {table} ADD COLUMN extra int"),
                format!("DROP TABLE {table}"),
                format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
            ];
            let own_rows = table == "kernel.idempotency_keys";
            let is_consumed = (role, table.as_str()) == ("identity", "identity.password_reset_requests");
            if !own_rows && !is_consumed {
                verbs.push(format!("DELETE FROM {table}"));
            }
            if APPEND_ONLY.contains(&table.as_str()) || schema != role && !own_rows {
                verbs.push(database.update_of(&table).await);
            }
            for verb in verbs {
                assert_eq!(database.run_as(role, &verb).await.unwrap_err(), DENIED, "{role}: {verb}");
            }
        }
        for reach in
            ["CREATE SCHEMA own", "CREATE ROLE other", "SET ROLE migrator", "CREATE TABLE public.t (a int)"]
        {
            assert_eq!(database.run_as(role, reach).await.unwrap_err(), DENIED, "{role}: {reach}");
        }
    }
}

#[tokio::test]
async fn no_role_that_logs_in_passes_row_level_security_by() {
    let database = TestDatabase::clone_template().await;
    let sql = "SELECT rolname FROM pg_roles WHERE rolbypassrls AND NOT rolsuper
               UNION SELECT rolname FROM pg_roles WHERE rolsuper AND rolname <> 'postgres'";
    assert!(database.rows(sql).await.is_empty());
}

/// Two clinics with a patient and a transaction each, made through the API; their ids.
async fn two_clinics() -> (TestApp, [String; 2]) {
    let app = TestApp::of(grafono::modules()).await;
    let mut clinics = Vec::new();
    for _ in 0..2 {
        let tenant = app.tenant().await;
        let request =
            TestRequest::post("/api/v1/patients", &json!({ "fullName": "A" })).token(tenant.owner()).key("k");
        let patient = app.send(request).await.data()["id"].clone();
        let body = json!({
            "patientId": patient, "type": "income", "amountMinor": 1, "currency": "BRL", "method": "cash",
        });
        let recorded =
            app.send(TestRequest::post("/api/v1/transactions", &body).token(tenant.owner()).key("k")).await;
        assert_eq!(recorded.status, 201, "{}", recorded.text);
        clinics.push(tenant.clinic.to_string());
    }
    let [first, second] = <[String; 2]>::try_from(clinics).unwrap();
    (app, [first, second])
}

/// Everything a role may read, and the column that says whose row it is.
async fn readable(database: &TestDatabase, role: &str) -> BTreeMap<String, String> {
    let sql = format!(
        "SELECT n.nspname || '.' || c.relname,
                CASE WHEN c.relname IN ('clinics', 'published_clinics') THEN 'id' ELSE 'clinic_id' END
           FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            AND has_schema_privilege('{role}', n.oid, 'USAGE') AND has_table_privilege('{role}', c.oid, 'SELECT')"
    );
    let rows = database.rows(&sql).await.into_iter().map(|row| (row[0].clone(), row[1].clone()));
    rows.filter(|(table, _)| !WITHOUT_TENANTS.contains(&table.as_str())).collect()
}

#[tokio::test]
async fn without_a_clinic_nothing_is_seen_and_with_one_nothing_of_another() {
    let (app, [own, other]) = two_clinics().await;
    let database = &app.database;
    let mut seen = 0;
    for role in roles() {
        for (table, column) in readable(database, role).await {
            let none = database.run_as(role, &format!("SELECT count(*) FROM {table}")).await.unwrap();
            assert_eq!(none[0][0], "0", "{role} sees {table} without a clinic");
            let within = format!(
                "SET app.clinic_id = '{own}';
                 SELECT count(*) FILTER (WHERE {column} = '{own}'), count(*) FILTER (WHERE {column} = '{other}') FROM {table}"
            );
            let counts = database.run_as(role, &within).await.unwrap();
            assert_eq!(counts[0][1], "0", "{role} sees another clinic's rows of {table}");
            seen += counts[0][0].parse::<u32>().unwrap();
            let emptied = format!("SET app.clinic_id = '';{}", &within[within.find(';').unwrap() + 1..]);
            assert_eq!(database.run_as(role, &emptied).await.unwrap()[0], ["0", "0"], "{role} {table}");
        }
    }
    assert!(seen >= 8, "the rows of the own clinic are seen, so the check can tell: {seen}");
}

#[tokio::test]
async fn a_row_of_another_clinic_cannot_be_written_either() {
    let (app, [own, other]) = two_clinics().await;
    let insert = format!(
        "SET app.clinic_id = '{own}';
         INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
         VALUES (uuidv7(), '{other}', 'Smuggled', 1, now(), now())"
    );
    let update = format!("SET app.clinic_id = '{own}'; UPDATE patients.patients SET clinic_id = '{other}'");
    assert_eq!(app.database.run_as("patients", &insert).await.unwrap_err(), DENIED);
    assert_eq!(app.database.run_as("patients", &update).await.unwrap_err(), DENIED);
    let foreign_module = format!(
        "SET app.clinic_id = '{own}';
         INSERT INTO kernel.audit_log (id, clinic_id, module, actor_id, action, subject, subject_id, request_id, created_at)
         VALUES (uuidv7(), '{own}', 'billing', uuidv7(), 'a', 's', uuidv7(), 'r', now())"
    );
    assert_eq!(app.database.run_as("patients", &foreign_module).await.unwrap_err(), DENIED);
}

#[tokio::test]
async fn events_audit_rows_and_problem_documents_carry_ids_and_nothing_personal() {
    let app = TestApp::of(grafono::modules()).await;
    let tenant = app.tenant().await;
    let owned = |request: TestRequest| request.token(tenant.owner());
    let patient = json!({
        "fullName": "Canary Name", "phone": "+5511987654321", "email": "canary@example.com", "document": "CANARY1",
        "notes": "canary notes", "birthDate": "1990-01-01",
    });
    let made = app.send(owned(TestRequest::post("/api/v1/patients", &patient)).key("canary")).await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    let edit = json!({ "fullName": "Canary Other", "phone": "canary" });
    let refused = app
        .send(owned(TestRequest::patch(&format!("/api/v1/patients/{id}"), &edit)).header("if-match", "\"1\""))
        .await;
    let taken = app.send(owned(TestRequest::post("/api/v1/patients", &patient))).await;
    let money = json!({
        "patientId": id, "type": "income", "amountMinor": 1, "currency": "BRL", "method": "cash",
        "description": "canary therapy",
    });
    assert_eq!(
        app.send(owned(TestRequest::post("/api/v1/transactions", &money)).key("canary")).await.status,
        201
    );

    assert_eq!((refused.status, taken.status), (400, 409));
    for problem in [refused, taken] {
        assert!(!problem.text.to_lowercase().contains("canary"), "{}", problem.text);
    }
    let told = "SELECT string_agg(t::text, ' ') FROM (SELECT o::text FROM kernel.outbox AS o UNION ALL
                                                      SELECT a::text FROM kernel.audit_log AS a) AS t";
    let told = app.database.value(told).await.to_lowercase();
    assert!(told.contains("patient.created") && told.contains("ledger.transaction_recorded"), "{told}");
    for personal in ["canary", "5511987654321", "1990-01-01"] {
        assert!(!told.contains(personal), "{personal}: {told}");
    }
}

#[tokio::test]
async fn a_module_says_what_is_its_own_and_nothing_else() {
    let database = TestDatabase::clone_template().await;
    let said = |table: &str, columns: &str, values: &str, what: &str| {
        format!(
            "WITH own AS MATERIALIZED (SELECT set_config('app.clinic_id', '{CLINIC}', false))
             INSERT INTO kernel.{table} (id, clinic_id, {columns}, created_at)
             SELECT '{CLINIC}', '{CLINIC}', {values}, now() FROM own RETURNING '{what}'"
        )
    };
    let event = |kind: &str| {
        let columns = "aggregate, aggregate_id, seq, kind, ids, traceparent, updated_at";
        said("outbox", columns, &format!("'a', '{CLINIC}', 1, '{kind}', '{{}}', '', now()"), kind)
    };
    let action = |action: &str| {
        let columns = "actor_id, action, subject, subject_id, request_id";
        said("audit_log", columns, &format!("'{CLINIC}', '{action}', 'a', '{CLINIC}', ''"), action)
    };
    for (role, own, foreign) in [
        ("identity", "clinic.created", "patient.created"),
        ("patients", "patient.created", "ledger.transaction_recorded"),
        ("billing", "transaction.recorded", "clinic.created"),
        ("platform", "webhook_endpoint.created", "patient.updated"),
    ] {
        for denied in [event(foreign), action(foreign), event("thing.unheard"), action("")] {
            assert_eq!(database.run_as(role, &denied).await.unwrap_err(), DENIED, "{role}: {denied}");
        }
        for allowed in [event(own), action(own)] {
            database.run_as(role, &format!("BEGIN; {allowed}; ROLLBACK")).await.unwrap();
        }
    }
}

const CLINIC: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn no_role_makes_temporary_tables_or_large_objects() {
    let database = TestDatabase::clone_template().await;
    let roles =
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname !~ '^(pg_|guarded)'";
    let roles = database.rows(roles).await;
    assert!(roles.len() > 7, "{roles:?}");
    for role in roles.into_iter().flatten() {
        for denied in
            ["CREATE TEMP TABLE patients (id int)", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'x')"]
        {
            assert_eq!(database.run_as(&role, denied).await.unwrap_err(), DENIED, "{role}: {denied}");
        }
    }
}

#[tokio::test]
async fn what_a_consumer_took_in_one_clinic_it_did_not_take_in_another() {
    let database = TestDatabase::clone_template().await;
    let take = |clinic: &str| {
        format!(
            "INSERT INTO kernel.inbox (consumer, event_id, clinic_id, module, created_at, updated_at)
             VALUES ('c', '{CLINIC}', '{clinic}', 'patients', now(), now())"
        )
    };
    database.run(&take("01890a5d-ac96-774b-bcce-b302099a8057")).await;
    database.run(&take("01890a5d-ac96-774b-bcce-b302099a8058")).await;
    assert_eq!(database.value("SELECT count(*) FROM kernel.inbox").await, "2");
}
