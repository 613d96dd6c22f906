//! The shape of the tables (D1, D2, D7), read from the catalogue of a migrated database.

use crate::sources::{production, under};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use testkit::TestDatabase;

/// Tables that only grow: no `updated_at`.
const APPEND_ONLY: &str = "'billing.transfers', 'billing.receipts', 'billing.receipt_documents', 'billing.provider_events', 'billing.ledger_seals', 'billing.ledger_seal_parts', 'patients.patient_history', 'kernel.audit_log'";

/// Tables of ours; the runner's own list of migrations is not.
const TABLES: &str = "SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relname, c.relrowsecurity, c.relforcerowsecurity
                        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE c.relkind = 'r'
                         AND n.nspname IN ('kernel', 'identity', 'patients', 'scheduling', 'clinical', 'billing', 'insights', 'platform')
                         AND c.relname <> 'schema_migrations'";

/// Each row of `query` is a fault; `{tables}` stands for the list of tables.
async fn assert_none(rule: &str, query: &str) {
    let database = TestDatabase::clone_template().await;
    assert_none_in(&database, rule, query).await;
}

async fn assert_none_in(database: &TestDatabase, rule: &str, query: &str) {
    let faults = database.rows(&format!("WITH tables AS ({TABLES}) {query}")).await;
    assert!(faults.is_empty(), "{rule}: {faults:?}");
}

#[tokio::test]
async fn there_are_tables_to_look_at() {
    let database = TestDatabase::clone_template().await;
    let count: u32 = database.value(&format!("SELECT count(*) FROM ({TABLES}) AS t")).await.parse().unwrap();
    assert!(count >= 11, "{count}");
}

#[tokio::test]
async fn ids_are_checked_to_be_uuid_v7_and_the_check_lets_no_nil_pass() {
    let query = "SELECT t.name, a.attname FROM tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
                  WHERE a.attname IN ('id', 'event_id') AND a.atttypid = 'uuid'::regtype
                    AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c
                                     WHERE c.conrelid = t.oid AND c.contype = 'c'
                                       AND pg_get_constraintdef(c.oid) LIKE
                                           '%NOT (uuid_extract_version(' || a.attname || ') IS DISTINCT FROM 7)%')";
    assert_none("D2: an id without its check", query).await;
    let database = TestDatabase::clone_template().await;
    let nil = "INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
               VALUES ('00000000-0000-0000-0000-000000000000', 'a@b', 'a@b', '$argon2id$', now(), now())";
    assert_eq!(database.run_as("postgres", nil).await.unwrap_err(), "23514");
}

#[tokio::test]
async fn every_table_says_when_its_rows_were_made_and_changed() {
    let query = format!(
        "SELECT t.name, wanted FROM tables AS t, unnest(ARRAY['created_at', 'updated_at']) AS wanted
          WHERE NOT (wanted = 'updated_at' AND t.name IN ({APPEND_ONLY}))
            AND NOT EXISTS (SELECT 1 FROM pg_attribute AS a
                             WHERE a.attrelid = t.oid AND a.attname = wanted AND a.attnotnull
                               AND a.atttypid = 'timestamptz'::regtype)"
    );
    assert_none("D2: a table without its times", &query).await;
}

#[tokio::test]
async fn a_column_that_may_be_null_is_one_of_those_that_are_meant_to() {
    let query = "SELECT t.name || '.' || a.attname FROM tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
                  WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull
                    AND t.name || '.' || a.attname NOT IN (
                        'kernel.idempotency_keys.reply', 'identity.memberships.disabled_at',
                        'patients.patients.birth_date', 'patients.patients.phone', 'patients.patients.email',
                        'patients.patients.document', 'patients.patients.document_key', 'patients.patients.notes',
                        'patients.patients.deleted_at', 'billing.transfers.description',
                        'kernel.outbox.sent_at', 'kernel.outbox.available_at', 'kernel.dead_letters.replay_at',
                        'kernel.jobs.failure', 'kernel.jobs.finished_at', 'kernel.jobs.about',
                        'kernel.audit_log.about', 'kernel.audit_log.client_address',
                        'platform.webhook_endpoints.disabled_at', 'platform.webhook_endpoints.deleted_at',
                        'platform.webhook_secrets.expires_at', 'platform.webhook_deliveries.last_status',
                        'platform.webhook_deliveries.finished_at',
                        'kernel.mails.recipient_address', 'kernel.mails.recipient_name', 'kernel.mails.subject',
                        'kernel.mails.html', 'kernel.mails.plain_text', 'kernel.mails.attachments',
                        'kernel.mails.leased_until', 'kernel.mails.sent_at', 'kernel.mails.provider_id',
                        'kernel.mails.bounce', 'kernel.mails.returned_at',
                        'kernel.mails.failure', 'identity.accounts.email_verified_at', 'identity.accounts.password_changed_at',
                        'identity.email_verifications.used_at', 'identity.password_resets.used_at', 'identity.sessions.device_name',
                        'identity.invitations.token_hash', 'identity.invitations.ended_at', 'identity.invitations.end_reason',
                        'identity.sessions.ended_at', 'identity.sessions.end_reason', 'identity.sessions.late_at',
                        'identity.refresh_tokens.consumed_at', 'identity.refresh_tokens.successor_nonce',
                        'identity.refresh_tokens.replaced_at', 'identity.clinics.provider_account',
                        'identity.clinics.legal_name', 'identity.clinics.document', 'identity.clinics.address',
                        'identity.clinics.council_number',
                        'billing.transfers.method', 'billing.transfers.source', 'billing.transfers.source_id',
                        'billing.transfers.reverses_id', 'billing.transfers.payer',
                        'billing.payments.order_id', 'billing.payments.provider_account', 'billing.payments.description',
                        'billing.payments.payer', 'billing.payments.card_token', 'billing.payments.provider_payment_id',
                        'billing.payments.failure_code', 'billing.payments.decline_code',
                        'billing.payments.transaction_id', 'billing.payments.settled_at', 'billing.payments.disputed_at',
                        'billing.payments.review', 'billing.payments.due_at', 'billing.payments.waiting_until',
                        'billing.refunds.reason', 'billing.refunds.provider_refund_id', 'billing.refunds.failure_code',
                        'billing.refunds.transaction_id', 'billing.refunds.returned_transaction_id', 'billing.refunds.due_at',
                        'billing.disputes.transaction_id', 'billing.disputes.won_transaction_id',
                        'billing.ledger_seals.horizon', 'billing.provider_events.payment_id')";
    assert_none("D2: a column that nobody meant to be NULL", query).await;
}

#[tokio::test]
async fn every_foreign_key_has_an_index_and_stays_within_its_clinic() {
    let unindexed = "SELECT t.name, c.conname FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid
                      WHERE c.contype = 'f'
                        AND NOT EXISTS (SELECT 1 FROM pg_index AS i
                                         WHERE i.indrelid = t.oid
                                           -- What refers to something is not NULL.
                                           AND COALESCE(pg_get_expr(i.indpred, t.oid), '(reverses_id IS NOT NULL)')
                                               = '(reverses_id IS NOT NULL)'
                                           AND (i.indkey::int2[])[0:least(cardinality(c.conkey), 2) - 1] <@ c.conkey)";
    assert_none("D2: a foreign key without an index", unindexed).await;
    let crossing = "SELECT t.name, c.conname FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid
                     WHERE c.contype = 'f'
                       AND EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.confrelid AND a.attname = 'clinic_id')
                       AND NOT EXISTS (SELECT 1 FROM pg_attribute AS a
                                        WHERE a.attrelid = t.oid AND a.attname = 'clinic_id' AND a.attnum = ANY (c.conkey))";
    assert_none("D2: a foreign key that may cross clinics", crossing).await;
}

#[tokio::test]
async fn row_level_security_is_forced_on_every_table_but_those_without_tenants() {
    let query = "SELECT t.name FROM tables AS t
                  WHERE t.name NOT IN ('identity.accounts', 'kernel.readiness_probes') AND NOT (t.relrowsecurity AND t.relforcerowsecurity)";
    assert_none("C6: a table without forced policies", query).await;
    let migrator = "SELECT t.name FROM tables AS t
                     WHERE t.relrowsecurity
                       AND NOT EXISTS (SELECT 1 FROM pg_policy AS p WHERE p.polrelid = t.oid AND p.polname = 'migrator')";
    assert_none("C6: a table whose owner would see nothing", migrator).await;
}

#[tokio::test]
async fn there_are_no_enums_and_no_domains() {
    let query =
        "SELECT n.nspname, y.typname FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace
                  WHERE y.typtype IN ('e', 'd') AND n.nspname NOT IN ('pg_catalog', 'information_schema')";
    assert_none("D2: types that break behind a pooler", query).await;
}

#[tokio::test]
async fn names_are_snake_case_and_tables_are_plural() {
    let query = "SELECT t.name FROM tables AS t
                  WHERE t.relname !~ '^[a-z][a-z0-9_]*$'
                     OR (t.relname !~ 's$' AND t.relname NOT IN ('outbox', 'inbox', 'audit_log', 'patient_history'))
                 UNION ALL
                 SELECT t.name || '.' || a.attname FROM tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
                  WHERE a.attnum > 0 AND a.attname !~ '^[a-z][a-z0-9_]*$'
                 UNION ALL
                 SELECT c.conname FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid
                  WHERE c.contype <> 'n' AND c.conname !~ '^[a-z][a-z0-9_]*$'";
    assert_none("D2: a name", query).await;
}

#[tokio::test]
async fn checks_over_several_columns_and_exclusions_say_why() {
    let query = "SELECT t.name, c.conname FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid
                  WHERE (c.contype = 'x' OR (c.contype = 'c' AND cardinality(c.conkey) > 1))
                    AND obj_description(c.oid, 'pg_constraint') IS NULL";
    assert_none("D1: a constraint without a comment", query).await;
}

#[tokio::test]
async fn each_of_these_checks_finds_the_fault_it_is_for() {
    let database = TestDatabase::clone_template().await;
    database
        .run(
            "CREATE TYPE billing.mood AS ENUM ('good');
             CREATE TABLE billing.thing (id uuid, clinic_id uuid, patient_id uuid, amount int, fee int, mood billing.mood,
                 CHECK (amount > fee),
                 FOREIGN KEY (clinic_id) REFERENCES identity.clinics (id))",
        )
        .await;
    let faults = [
        "SELECT 1 FROM tables AS t WHERE NOT t.relforcerowsecurity AND t.name = 'billing.thing'",
        "SELECT 1 FROM pg_type WHERE typtype = 'e' AND typname = 'mood'",
        "SELECT 1 FROM tables AS t WHERE t.relname !~ 's$' AND t.relname = 'thing'",
        "SELECT 1 FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid
          WHERE t.relname = 'thing' AND c.contype = 'c' AND cardinality(c.conkey) > 1
            AND obj_description(c.oid, 'pg_constraint') IS NULL",
    ];
    for fault in faults {
        let found = database.rows(&format!("WITH tables AS ({TABLES}) {fault}")).await;
        assert_eq!(found.len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn an_orphan_is_found_when_its_constraint_is_validated() {
    let database = TestDatabase::clone_template().await;
    database
        .run(
            "ALTER TABLE billing.balances DROP CONSTRAINT balances_patient_fkey;
             ALTER TABLE billing.balances DROP CONSTRAINT balances_currency_fkey;
             INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             VALUES (uuidv7(), uuidv7(), 'BRL', 0, 1, now(), now());",
        )
        .await;
    let validate = "SET ROLE migrator;
                    ALTER TABLE billing.balances ADD CONSTRAINT balances_patient_fkey FOREIGN KEY (clinic_id, patient_id)
                        REFERENCES patients.patients (clinic_id, id) NOT VALID;
                    ALTER TABLE billing.balances VALIDATE CONSTRAINT balances_patient_fkey";
    assert_eq!(database.run_as("postgres", validate).await.unwrap_err(), "23503");
}

/// Everything that holds SQL, with where it is: the sources, those of the program's commands and of what is measured
/// against it too, and the bodies of the database's functions.
async fn sql_of(database: &TestDatabase) -> BTreeMap<String, String> {
    let sources = [production(), under("local/src"), under("local/yardstick/src")].into_iter().flatten();
    let mut all: BTreeMap<String, String> =
        sources.map(|source| (source.path.clone(), source.code())).collect();
    let functions = "SELECT p.oid::regprocedure, pg_get_functiondef(p.oid)
                       FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                      WHERE p.prokind IN ('f', 'p')
                        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                        AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')";
    all.extend(database.rows(functions).await.into_iter().map(|mut row| (row.remove(0), row.remove(0))));
    all
}

/// The tables that a text upserts into by a named index. `ON CONFLICT DO NOTHING` names none and gives way on all.
fn upserted(sql: &str) -> BTreeSet<String> {
    let parts = r"(?i)\binsert\s+into\s+(?<table>[\w.]+)|\bon\s+conflict\s*(?:\(|on\s+constraint\b)";
    let (mut tables, mut table) = (BTreeSet::new(), String::new());
    for part in Regex::new(parts).unwrap().captures_iter(sql) {
        match part.name("table") {
            Some(found) => found.as_str().clone_into(&mut table),
            None => drop(tables.insert(table.clone())),
        }
    }
    tables
}

/// Which upserts can meet an index that they do not name: those into a table with a second one that allows no two rows,
/// be it the primary key.
async fn upserts_that_meet_another_index(database: &TestDatabase) -> (usize, Vec<String>) {
    let query =
        "SELECT t.name, i.indexrelid::regclass FROM tables AS t JOIN pg_index AS i ON i.indrelid = t.oid
                  WHERE i.indisunique OR i.indisexclusion
                  ORDER BY t.name, i.indexrelid::regclass::text";
    let mut indexes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut row in database.rows(&format!("WITH tables AS ({TABLES}) {query}")).await {
        indexes.entry(row.remove(0)).or_default().push(row.remove(0));
    }
    let (mut count, mut faults) = (0, Vec::new());
    for (place, sql) in sql_of(database).await {
        for table in upserted(&sql) {
            count += 1;
            match indexes.get(&table) {
                Some(indexes) if indexes.len() == 1 => {}
                indexes => faults.push(format!("{place} into {table}, which has {indexes:?}")),
            }
        }
    }
    (count, faults)
}

#[tokio::test]
async fn an_upsert_can_meet_no_index_but_the_one_it_names() {
    let database = TestDatabase::clone_template().await;
    let (count, faults) = upserts_that_meet_another_index(&database).await;
    assert!(count >= 4, "the sources were read: {count}");
    // Of two first rows at once, the second waits for the named index and gives way; on any other it fails.
    assert!(faults.is_empty(), "D3: an upsert that can fail on another index: {faults:#?}");

    // The check itself can fail.
    let planted = "
        CREATE UNIQUE INDEX planted ON kernel.dead_letters (event_id, consumer) WHERE replays = 0;
        CREATE FUNCTION billing.planted() RETURNS void LANGUAGE sql AS $$
            INSERT INTO identity.accounts AS a (id, email, email_key, password_hash, created_at, updated_at)
            VALUES (uuidv7(), 'a@b', 'a@b', '$argon2id$', now(), now())
            on conflict on constraint accounts_email_unique DO UPDATE SET updated_at = now() $$;
        CREATE FUNCTION billing.harmless() RETURNS void LANGUAGE sql AS $$
            INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
            VALUES (uuidv7(), 'a@b', 'a@b', '$argon2id$', now(), now())
            ON CONFLICT DO NOTHING $$";
    database.run(planted).await;
    let (_, faults) = upserts_that_meet_another_index(&database).await;
    let places: Vec<&str> =
        faults.iter().filter_map(|fault| fault.split_once(" into ")).map(|it| it.0).collect();
    let expected =
        ["billing.planted()", "functions/platform/src/outbox_relay/db.rs", "local/src/dead_letters.rs"];
    assert_eq!(places, expected, "{faults:#?}");
}
