//! Secrets that are kept elsewhere: how settings get them at start, and what happens to requests when the database's
//! password is rotated. Secrets Manager is an emulator, Postgres is real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

mod failing;
mod login;
mod rotation;
mod shown;
mod signature;
mod start;
mod stores;
mod traffic;
