//! What the tests share.
#![allow(dead_code, unreachable_pub, clippy::allow_attributes, reason = "each test file uses a part")]

use postgres_cluster::{Cluster, Durability, Installation, Options, install};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

/// Kept between runs, and out of the repository, which other users may not be able to enter.
pub fn home() -> PathBuf {
    std::env::temp_dir().join("postgres-cluster-tests")
}

pub fn installation() -> Installation {
    install::installation(&home()).unwrap()
}

/// A new folder for one test, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = home().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub fn options(&self, durability: Durability) -> Options {
        Options { durability, ..Options::new(installation(), self.data()) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn config(cluster: &Cluster, database: &str) -> Config {
    cluster.url("postgres", database).parse().unwrap()
}

pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until the condition holds, for up to 10 seconds; how long that took.
pub async fn eventually(mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(10), "not within 10 seconds");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
