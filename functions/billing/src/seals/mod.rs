//! Seals of the ledger: hashes over what was booked, each of which follows from the one before.

pub mod seal_ledger;
