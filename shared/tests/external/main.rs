//! Calls to others: time-outs, breakers of one process and of several, repetitions, HTTP. Redis is a real Valkey.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say where and end"
)]

mod breakers;
mod calls;
mod file_store;
mod http;
mod model;
mod parts;
mod sent;
mod shared_breakers;
