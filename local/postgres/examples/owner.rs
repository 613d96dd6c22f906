//! Owns a cluster until it is killed, for the tests: `owner <home> <data> <durable|throwaway>`.
//! Writes the cluster's address when it is ready.

use postgres_cluster::{Cluster, Durability, Options, install};
use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, data, durability] = arguments.as_slice() else {
        return Err("usage: owner <home> <data> <durable|throwaway>".into());
    };
    let mut options = Options::new(install::installation(Path::new(home))?, data);
    if durability == "throwaway" {
        options.durability = Durability::Throwaway;
    }
    let cluster = Cluster::start(options).await?;
    writeln!(stdout(), "{}", cluster.url("postgres", "postgres"))?;
    std::future::pending::<()>().await;
    cluster.stop().await;
    Ok(())
}
