//! Starting, stopping and sharing real servers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where and end")]

mod common;

use common::{Folder, config, connect, eventually, home, installation};
use postgres_cluster::{Cluster, Durability, Error, SocketFolder};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres::types::Type;

/// Starts the example `owner` in a process of its own; its server is ready on return.
fn owner(data: &Path, durability: &str) -> (Child, Config) {
    installation();
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/owner");
    let mut command = Command::new(program);
    command.arg(home()).arg(data).arg(durability).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (child, url.trim().parse().unwrap())
}

fn socket_folder(config: &Config) -> PathBuf {
    match config.get_hosts() {
        [Host::Unix(path)] => path.clone(),
        other => panic!("not one socket: {other:?}"),
    }
}

fn server_pid(data: &Path) -> u32 {
    let mark = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    mark.lines().next().unwrap().parse().unwrap()
}

fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn data_survives_a_restart() {
    let folder = Folder::new("restart");
    installation();
    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    let client = connect(&config(&cluster, "postgres")).await;
    client.batch_execute("CREATE TABLE kept AS SELECT 7 AS n").await.unwrap();
    cluster.stop().await;

    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    let client = connect(&config(&cluster, "postgres")).await;
    let row = client.query_typed_one("SELECT n, current_setting('TimeZone') FROM kept", &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1)), (7, "UTC"));
    let sockets = socket_folder(&config(&cluster, "postgres"));
    // Dropped and not stopped: the next start waits for the watchdog.
    drop(cluster);
    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    cluster.stop().await;
    assert!(!sockets.exists());
}

#[tokio::test]
async fn a_throwaway_leaves_nothing() {
    let folder = Folder::new("throwaway");
    installation();
    let mut options = folder.options(Durability::Throwaway);
    options.settings.push(("work_mem".into(), "5MB".into()));
    options.settings.push(("listen_addresses".into(), "*".into()));
    let cluster = Cluster::start(options).await.unwrap();
    let client = connect(&config(&cluster, "postgres")).await;
    for (name, value) in [("work_mem", "5MB"), ("listen_addresses", ""), ("fsync", "off")] {
        let row = client.query_typed_one("SELECT current_setting($1)", &[(&name, Type::TEXT)]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), value);
    }
    cluster.stop().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_socket_folder_of_ones_own_stays() {
    let folder = Folder::new("sockets");
    let sockets = folder.path().join("a b%");
    let mut options = folder.options(Durability::Throwaway);
    options.sockets = SocketFolder::At(sockets.clone());
    let cluster = Cluster::start(options).await.unwrap();
    connect(&config(&cluster, "postgres")).await;
    cluster.stop().await;
    assert!(sockets.is_dir());
}

#[tokio::test]
async fn the_server_ends_with_a_killed_owner() {
    let folder = Folder::new("killed");
    let (mut child, config) = owner(&folder.data(), "durable");
    let client = connect(&config).await;
    client.batch_execute("CREATE TABLE kept AS SELECT 7 AS n").await.unwrap();
    let pid = server_pid(&folder.data());
    assert!(runs(pid));
    child.kill().unwrap();
    // Right away, while the old server is still shutting down.
    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    assert!(!runs(pid));
    let client = connect(&config).await;
    assert_eq!(client.query_typed_one("SELECT n FROM kept", &[]).await.unwrap().get::<_, i32>(0), 7);
    child.wait().unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_killed_owner_of_a_throwaway_leaves_nothing() {
    let folder = Folder::new("killed-throwaway");
    let (mut child, config) = owner(&folder.data(), "throwaway");
    let pid = server_pid(&folder.data());
    child.kill().unwrap();
    child.wait().unwrap();
    let sockets = socket_folder(&config);
    let empty = || std::fs::read_dir(folder.path()).unwrap().count() == 0;
    eventually(|| !runs(pid) && !sockets.exists() && empty()).await;
}

#[tokio::test]
async fn a_killed_server_starts_again() {
    let folder = Folder::new("crashed");
    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    let pid = server_pid(&folder.data());
    Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    cluster.stop().await;
    // The mark of the killed server stays; as after a restart of the machine, its process id
    // is another process's by now: this one's.
    let mark = folder.data().join("postmaster.pid");
    let text = std::fs::read_to_string(&mark).unwrap();
    let other = text.replacen(&pid.to_string(), &std::process::id().to_string(), 1);
    std::fs::write(&mark, other).unwrap();
    let cluster = Cluster::start(folder.options(Durability::Durable)).await.unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_live_data_folder_has_one_owner() {
    let folder = Folder::new("owned");
    let (mut child, config) = owner(&folder.data(), "durable");
    let error = Cluster::start(folder.options(Durability::Durable)).await.unwrap_err();
    let data = folder.data();
    let text = format!("{} is in use by another running instance (pid {})", data.display(), child.id());
    assert_eq!(error.to_string(), text);
    connect(&config).await;
    child.kill().unwrap();
    child.wait().unwrap();
    Cluster::start(folder.options(Durability::Durable)).await.unwrap().stop().await;
}

#[tokio::test]
async fn refuses_folders_that_cannot_be_one() {
    let folder = Folder::new("refused");
    let data = folder.data();
    let start = async |durability| Cluster::start(folder.options(durability)).await.unwrap_err();

    std::fs::write(&data, "").unwrap();
    let error = start(Durability::Durable).await;
    assert_eq!(error.to_string(), format!("{} is a file: a data folder is needed", data.display()));

    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("letter.txt"), "").unwrap();
    assert!(matches!(start(Durability::Durable).await, Error::NotACluster(_)));
    assert!(matches!(start(Durability::Throwaway).await, Error::NotThrowaway(_)));

    std::fs::write(data.join("PG_VERSION"), "17\n").unwrap();
    let error = start(Durability::Durable).await;
    assert!(matches!(error, Error::OtherVersion { found, .. } if found == "17"));
}

#[tokio::test]
async fn says_why_the_server_did_not_start() {
    let folder = Folder::new("reason");
    let mut options = folder.options(Durability::Throwaway);
    options.settings.push(("work_memory".into(), "1".into()));
    let error = Cluster::start(options).await.unwrap_err().to_string();
    assert!(error.contains("unrecognized configuration parameter \"work_memory\""), "{error}");
}
