//! The transaction engine against a real Postgres: what goes over the wire, what a failure leaves behind, and what a
//! caller is told when the database is slow, busy, gone or cut off in the middle.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should say where and end"
)]

mod bench;
mod deadline;
mod dropped;
mod endpoints;
mod flush;
mod idle;
mod keys;
mod limits;
mod lock;
mod lost;
mod panicked;
mod refused;
mod sql;
mod takes;
mod tls;
mod unreachable;
mod wire;
