//! The rules that machines hold: read off the declarations, the database and the sources, so that a new slice is under
//! them from its first commit. `docs/checks.md` says which rule is where, and how each was seen to fail.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod documents;
mod doors;
mod fuzz;
mod golden;
mod kinds;
mod layout;
mod matrices;
mod migrations;
mod packages;
mod plans;
mod policies;
mod queues;
mod randomness;
mod references;
mod roles;
mod rooms;
mod rows;
mod seeds;
mod shapes;
mod sources;
mod statements;
mod tables;
mod tagged;
mod templates;
mod tenants;
mod traffic;
mod violations;
mod watched;
mod written;

use std::sync::LazyLock;
use testkit::Contract;

/// The contract as the declarations make it now: every reply is held against it (B12).
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::of(&grafono::openapi::text().unwrap()));
