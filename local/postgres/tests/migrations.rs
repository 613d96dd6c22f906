//! Migrations on a real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

mod common;

use common::{Folder, config, connect};
use postgres_cluster::migrate::{Error, Report, migrate};
use postgres_cluster::{Cluster, Durability};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};

/// The names of all migrations, in order, as the runner reports them.
fn all() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap().replace(".sql", "")).collect();
    names.sort();
    names.into_iter().map(|name| format!("V{}", name[1..].trim_start_matches('0'))).collect()
}

fn current() -> i32 {
    i32::try_from(all().len()).unwrap()
}

fn count(reports: &[&Report]) -> usize {
    reports.iter().map(|report| report.applied.len()).sum()
}

#[tokio::test]
async fn a_second_run_applies_nothing() {
    let folder = Folder::new("twice");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let config = config(&cluster, "postgres");
    let first = migrate(&config, NoTls).await.unwrap();
    assert_eq!(first, Report { applied: all(), current: current() });
    let second = migrate(&config, NoTls).await.unwrap();
    assert_eq!(second, Report { applied: vec![], current: current() });
    let others = "SELECT count(*) FROM pg_class WHERE relnamespace = 'kernel'::regnamespace
        AND relkind = 'r' AND relowner <> 'migrator'::regrole";
    let rows = connect(&config).await.query_typed(others, &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, i64>(0), 0);
    cluster.stop().await;
}

#[tokio::test]
async fn runners_take_turns_within_and_across_databases() {
    let folder = Folder::new("turns");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let one = config(&cluster, "postgres");
    let client = connect(&one).await;
    client.batch_execute("CREATE DATABASE \"Other one\"").await.unwrap();
    let two = config(&cluster, "Other one");
    let (a, b, c, d) = tokio::try_join!(
        migrate(&one, NoTls),
        migrate(&one, NoTls),
        migrate(&two, NoTls),
        migrate(&two, NoTls),
    )
    .unwrap();
    assert_eq!((count(&[&a, &b]), count(&[&c, &d])), (all().len(), all().len()));
    cluster.stop().await;
}

#[tokio::test]
async fn an_ordinary_user_with_createrole_can_migrate() {
    let folder = Folder::new("user");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let client = connect(&config(&cluster, "postgres")).await;
    client.batch_execute("CREATE ROLE deployer LOGIN CREATEROLE").await.unwrap();
    client.batch_execute("CREATE DATABASE app OWNER deployer").await.unwrap();
    let app = cluster.url("deployer", "app").parse().unwrap();
    assert_eq!(migrate(&app, NoTls).await.unwrap().applied, all());
    assert_eq!(migrate(&app, NoTls).await.unwrap().applied, [""; 0]);
    cluster.stop().await;
}

#[tokio::test]
async fn says_how_the_database_and_the_program_disagree() {
    let folder = Folder::new("disagree");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let config = config(&cluster, "postgres");
    migrate(&config, NoTls).await.unwrap();
    let client = connect(&config).await;
    let error = async |sql: &str| {
        client.batch_execute(sql).await.unwrap();
        migrate(&config, NoTls).await.unwrap_err()
    };

    let newer =
        error("INSERT INTO kernel.schema_migrations VALUES (9999, 'n', '2026-01-01T00:00:00Z', '1')").await;
    assert!(matches!(newer, Error::Newer { database: 9999, .. }));
    let text = "the database is at migration 9999, newer than this program's N: update the program";
    assert_eq!(newer.to_string(), text.replace('N', &current().to_string()));

    let unknown = error("UPDATE kernel.schema_migrations SET version = 0 WHERE version = 9999").await;
    assert!(matches!(unknown, Error::Unknown(name) if name == "V0__n"));

    let changed = error(
        "DELETE FROM kernel.schema_migrations WHERE version = 0;
         UPDATE kernel.schema_migrations SET checksum = '1' || checksum WHERE version = 2",
    )
    .await;
    assert!(matches!(changed, Error::Changed(name) if name == "V2__kernel"));

    let skipped = error(
        "DELETE FROM kernel.schema_migrations WHERE version = 1;
         UPDATE kernel.schema_migrations SET checksum = substr(checksum, 2) WHERE version = 2",
    )
    .await;
    assert!(matches!(skipped, Error::Skipped(name) if name == "V1__roles"));

    let refused = error("DELETE FROM kernel.schema_migrations").await;
    let text = "error applying migration V2__kernel: function \"ensure\" already exists with same argument types (SQLSTATE 42723)";
    assert!(matches!(refused, Error::Database { .. }));
    assert_eq!(refused.to_string().replace('`', ""), text);
    cluster.stop().await;
}

/// What a migration ends with while another session holds a lock; one that waits on is ended.
async fn refused(config: &Config) -> String {
    let ended = tokio::time::timeout(Duration::from_secs(20), migrate(config, NoTls)).await;
    ended
        .map(Result::unwrap_err)
        .map_or_else(|_| "it waits for the lock without end".to_owned(), |it| it.to_string())
}

/// What there is in the database and the cluster beside the system's own.
async fn everything(client: &Client) -> BTreeSet<String> {
    let all = "SELECT 'relation ' || c.oid::regclass FROM pg_class AS c
                WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
        UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
        UNION ALL SELECT 'role ' || rolname FROM pg_roles
        UNION ALL SELECT 'default ' || defaclobjtype::text FROM pg_default_acl
        UNION ALL SELECT 'member ' || roleid::regrole || ' ' || member::regrole FROM pg_auth_members";
    let rows = client.query_typed(all, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_migration_that_meets_a_lock_gives_up_and_leaves_nothing_half_done() {
    let folder = Folder::new("locked");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let config = config(&cluster, "postgres");
    let other = connect(&config).await;

    // The first migration makes roles, then changes this table of the system's.
    other.batch_execute("BEGIN; LOCK TABLE pg_catalog.pg_default_acl IN SHARE MODE").await.unwrap();
    let error = refused(&config).await;
    let text = "error applying migration V1__roles: canceling statement due to lock timeout (SQLSTATE 55P03)";
    assert_eq!(error.replace('`', ""), text);
    let client = connect(&config).await;
    let left = everything(&client).await;
    assert!(left.contains("relation kernel.schema_migrations"), "{left:?}");
    assert!(!left.iter().any(|it| it.contains("identity")), "{left:?}");
    assert_eq!(client.query_typed("SELECT FROM kernel.schema_migrations", &[]).await.unwrap().len(), 0);
    // Nor is anything kept for whoever comes next.
    assert_eq!(refused(&config).await, error);
    assert_eq!(everything(&client).await, left);

    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(migrate(&config, NoTls).await.unwrap().applied, all());
    cluster.stop().await;
}

#[tokio::test]
async fn a_runner_that_meets_a_lock_of_its_own_list_gives_up() {
    let folder = Folder::new("list");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let config = config(&cluster, "postgres");
    migrate(&config, NoTls).await.unwrap();
    let other = connect(&config).await;
    other.batch_execute("BEGIN; LOCK TABLE kernel.schema_migrations").await.unwrap();
    let text = "reading the applied migrations: canceling statement due to lock timeout (SQLSTATE 55P03)";
    assert_eq!(refused(&config).await, text);
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(migrate(&config, NoTls).await.unwrap().applied, [""; 0]);
    cluster.stop().await;
}

/// Notes under which limits each change of the schema is made, and which migration is being applied.
const NOTED: &str =
    "CREATE TABLE public.noted (version int4, tag text, lock_timeout text, statement_timeout text);
    CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        applying int4;
    BEGIN
        IF to_regclass('kernel.schema_migrations') IS NOT NULL THEN
            EXECUTE 'SELECT COALESCE(max(version), 0) + 1 FROM kernel.schema_migrations' INTO applying;
        END IF;
        INSERT INTO public.noted
        VALUES (applying, tg_tag, current_setting('lock_timeout'), current_setting('statement_timeout'));
    END
    $$;
    CREATE EVENT TRIGGER noting ON ddl_command_start EXECUTE FUNCTION public.note()";

#[tokio::test]
async fn every_change_of_the_schema_is_made_under_limits() {
    let folder = Folder::new("limits");
    let cluster = Cluster::start(folder.options(Durability::Throwaway)).await.unwrap();
    let config = config(&cluster, "postgres");
    let client = connect(&config).await;
    client.batch_execute(NOTED).await.unwrap();
    migrate(&config, NoTls).await.unwrap();
    let rows = "SELECT DISTINCT version, lock_timeout, statement_timeout FROM public.noted";
    let rows = client.query_typed(rows, &[]).await.unwrap();
    let noted: BTreeSet<(Option<i32>, String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = |version: Option<i32>| {
        // What comes before the first migration is the runner's, and is short.
        let statement = if version.is_some() { "30s" } else { "0" };
        (version, "1s".to_owned(), statement.to_owned())
    };
    let versions = noted.iter().map(|(version, ..)| *version);
    assert_eq!(noted, versions.map(expected).collect());
    assert!(noted.contains(&expected(None)) && noted.len() + 3 > all().len(), "{noted:?}");
    cluster.stop().await;
}
