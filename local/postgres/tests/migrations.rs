//! Migrations on a real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

mod common;

use common::{Folder, config, connect};
use postgres_cluster::migrate::{Error, Report, migrate};
use postgres_cluster::{Cluster, Durability};
use tokio_postgres::NoTls;

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
