//! The rules that machines hold: read off the declarations, the database and the sources, so that a new slice is under
//! them from its first commit.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod plans;
mod seeds;
mod statements;
