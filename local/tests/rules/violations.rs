//! What every row is held to, tried out (D1): each CHECK and each unique index refuses what `golden/violations.txt` says,
//! by its own name, and lets its neighbour pass.

use crate::rows;
use std::collections::{BTreeMap, BTreeSet};
use testkit::TestDatabase;

/// What is written shorter in the list.
const SHORT: [(&str, &str); 9] = [
    ("{returned}", "{sent}; returned_at = now()"),
    ("{sent}", "{erased}; state = 'sent'; sent_at = now(); provider_id = 'p'"),
    (
        "{erased}",
        "recipient_address = NULL; recipient_name = NULL; subject = NULL; html = NULL; plain_text = NULL; attachments = NULL",
    ),
    ("{by hand}", "source = NULL; source_id = NULL; reverses_id = NULL"),
    ("{not refunded}", "status = 'failed'; failure_code = 'unknown'; due_at = NULL"),
    ("{refunded}", "status = 'succeeded'; transaction_id = uuidv7(); due_at = NULL"),
    ("{failed}", "status = 'failed'; failure_code = 'NOT_CHARGED'; card_token = NULL; due_at = NULL"),
    (
        "{succeeded}",
        "status = 'succeeded'; card_token = NULL; due_at = NULL; transaction_id = uuidv7(); settled_at = now()",
    ),
    ("{v4}", "'00000000-0000-4000-8000-000000000000'::uuid"),
];

/// A CHECK or a unique index.
#[derive(Debug)]
struct Guard {
    table: String,
    is_check: bool,
}

/// Every CHECK and every unique index of ours by its name. Left out is an index that cannot refuse anything by itself,
/// as another one is unique over fewer of its columns.
async fn guards(database: &TestDatabase) -> BTreeMap<String, Guard> {
    let ours = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relname <> 'schema_migrations'";
    let sql = format!(
        "SELECT k.conname, n.nspname || '.' || c.relname, 'check'
           FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE k.contype = 'c' AND {ours}
         UNION ALL
         SELECT i.indexrelid::regclass::text, n.nspname || '.' || c.relname, 'unique'
           FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE (i.indisunique OR i.indisexclusion) AND {ours}
            AND NOT EXISTS (SELECT 1 FROM pg_index AS o
                             WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisunique
                               AND o.indpred IS NULL AND o.indkey::int2[] <@ i.indkey::int2[]
                               AND cardinality(o.indkey::int2[]) < cardinality(i.indkey::int2[]))"
    );
    let mut guards = BTreeMap::new();
    for mut row in database.rows(&sql).await {
        let guard = Guard { is_check: row[2] == "check", table: row.remove(1) };
        let name = row[0].rsplit('.').next().unwrap().to_owned();
        assert!(guards.insert(name.clone(), guard).is_none(), "two are called {name}");
    }
    guards
}

/// The list: a name, what is refused, what is let pass.
fn list() -> Vec<[String; 3]> {
    let lines = include_str!("golden/violations.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| {
        let parts: Vec<String> = line.split(" | ").map(|part| part.trim().to_owned()).collect();
        <[String; 3]>::try_from(parts).unwrap()
    });
    parts.collect()
}

/// Changes a row of the table, or inserts a changed copy of it, and takes it back. The changes are `column = value`.
fn attempt(guard: &Guard, columns: &str, changes: &str) -> String {
    let changes = SHORT.iter().fold(changes.to_owned(), |text, (short, long)| text.replace(short, long));
    // The last of two values of one column counts.
    let values: BTreeMap<&str, &str> =
        changes.split(';').map(|change| change.trim().split_once(" = ").unwrap()).collect();
    let table = &guard.table;
    let sql = if guard.is_check {
        let set: Vec<String> = values.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        format!(
            "UPDATE {table} SET {} WHERE ctid = (SELECT min(ctid) FROM {table}) RETURNING 1",
            set.join(", ")
        )
    } else {
        let set: Vec<String> = values.iter().map(|(column, value)| format!("'{column}', {value}")).collect();
        format!(
            "INSERT INTO {table} ({columns})
             SELECT {columns}
               FROM (SELECT (jsonb_populate_record(t, jsonb_build_object({}))).* FROM {table} AS t
                      WHERE ctid = (SELECT min(ctid) FROM {table})) AS changed
             RETURNING 1",
            set.join(", ")
        )
    };
    format!("BEGIN; SET LOCAL session_replication_role = replica; {sql}; ROLLBACK")
}

/// What of the list is otherwise in the database.
async fn disagreements(database: &TestDatabase) -> Vec<String> {
    let guards = guards(database).await;
    let listed: BTreeSet<String> = list().into_iter().map(|[name, ..]| name).collect();
    let mut faults: Vec<String> = guards
        .keys()
        .filter(|name| !listed.contains(*name))
        .map(|name| format!("{name} is not listed"))
        .collect();
    for [name, refused, passed] in list() {
        let Some(guard) = guards.get(&name) else {
            faults.push(format!("{name} is not in the database"));
            continue;
        };
        let columns = database
            .value(&format!(
                "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                  WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                guard.table
            ))
            .await;
        let state = if guard.is_check { "23514" } else { "23505" };
        let refusal = database.refusal(&attempt(guard, &columns, &refused)).await;
        if refusal != Some((state.to_owned(), name.clone())) {
            faults.push(format!("{name}: {refused} is answered by {refusal:?}"));
        }
        let refusal = database.refusal(&attempt(guard, &columns, &passed)).await;
        if refusal.is_some() {
            faults.push(format!("{name}: {passed} is answered by {refusal:?}"));
        }
    }
    faults
}

#[tokio::test]
async fn each_check_and_each_unique_index_refuses_what_the_list_says_and_lets_its_neighbour_pass() {
    let database = rows::filled().await;
    assert_eq!(disagreements(&database).await, Vec::<String>::new(), "golden/violations.txt");
}

#[tokio::test]
async fn a_constraint_that_is_wider_narrower_missing_or_new_is_told() {
    let again = |table: &str, name: &str, check: &str| {
        format!(
            "ALTER TABLE {table} DROP CONSTRAINT {name}; ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check})"
        )
    };
    let database = rows::filled().await;
    for planted in [
        again("billing.transfers", "transfers_amount_bounds", "amount_minor BETWEEN 0 AND 99999999999"),
        again("patients.patients", "patients_phone_e164", r"phone ~ '^\+[1-9][0-9]{6,13}$'"),
        "ALTER TABLE patients.patients DROP CONSTRAINT patients_birth_date_after_1900".to_owned(),
        "ALTER TABLE kernel.jobs ADD CONSTRAINT jobs_planted CHECK (total < 1000)".to_owned(),
        "DROP INDEX platform.webhook_endpoints_url_unique;
         CREATE UNIQUE INDEX webhook_endpoints_url_unique ON platform.webhook_endpoints (clinic_id, url, slot)"
            .to_owned(),
    ] {
        database.run(&planted).await;
    }
    let faults = disagreements(&database).await;
    let told = [
        "jobs_planted is not listed",
        "transfers_amount_bounds: amount_minor = 0 is answered by None",
        "patients_birth_date_after_1900 is not in the database",
        "patients_phone_e164: phone = '+123456789012345' is answered by Some",
        "webhook_endpoints_url_unique: id = uuidv7(); slot = 2 is answered by None",
    ];
    for fault in told {
        assert!(faults.iter().any(|it| it.starts_with(fault)), "{fault}: {faults:#?}");
    }
    assert_eq!(faults.len(), told.len(), "{faults:#?}");
}
