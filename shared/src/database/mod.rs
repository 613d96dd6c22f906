//! Postgres: statements as values, and the one transaction that runs them in one flush.
//!
//! A `db.rs` function returns a [`Statement`]; only [`Tx`] sends statements. All statements of a transaction, BEGIN and
//! COMMIT included, go out together and cost one round trip. The price: COMMIT is on its way before any row count is
//! known, so a condition must fail *in the database* (a constraint, or `kernel.ensure`).

pub mod claim;
mod commit_outcome;
mod connection;
mod connector;
mod flush;
mod part;
mod passengers;
pub mod probe;
mod round_trips;
mod shares;
mod statement;
mod take;
mod tx;

pub use claim::Claim;
pub use connection::{Database, POOL_IDLE_CHECK, address, tls_connector};
pub use passengers::Along;
pub use round_trips::RoundTrips;
pub use statement::{Bind, Columns, DecodeError, Statement};
pub use take::{Take, Taken, take_each_now, take_now};
pub use tx::{Admission, Done, Handle, Scope, Stored, Tx};
