//! Postgres: statements as values, and the one transaction that runs them in one flush.
//!
//! A `db.rs` function returns a [`Statement`]; only [`Tx`] sends one. Everything of a transaction, BEGIN and COMMIT
//! included, goes out together and costs one round trip. The price: COMMIT is on its way before any row count is
//! known, so a condition must fail *in the database* (a constraint, or `kernel.ensure`).

mod connection;
mod flush;
mod opener;
mod statement;
mod tx;
mod verdict;

pub use connection::{Database, POOL_IDLE_CHECK, address, connector};
pub use statement::{Bind, Columns, DecodeError, Statement};
pub use tx::{Done, Scope, Slot, Stored, Trips, Tx};
pub(crate) use tx::{settings, tenant};
