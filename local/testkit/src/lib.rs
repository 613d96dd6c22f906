//! What every integration test needs: a real Postgres, modules in a test app, gateway events, and stand-ins for others:
//! AWS, SendGrid, a collector of spans, receivers of webhooks.
//!
//! This crate knows no module: a test brings its own. A test process has one Postgres, with fsync off, which ends with
//! the process; each [`TestApp`] has a database of its own, cloned from a migrated template. Built functions run under
//! [`lambda`]'s Runtime API.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot go on should say where and end"
)]

mod background;
mod canary;
mod clock;
mod contract;
mod database;
mod emulator;
mod files;
mod hasher;
pub mod killing;
pub mod lambda;
mod mail;
mod names;
mod notices;
mod parts;
mod pooler;
mod proxy;
mod python;
mod queues;
mod receiver;
mod sendgrid;
mod signature;
mod tenant;
mod test_app;
mod test_request;
mod test_response;
mod valkey;
mod webhook_receiver;
mod world;

pub use canary::{assert_none_in, warned, watch_logs};
pub use clock::TestClock;
pub use contract::Contract;
pub use database::TestDatabase;
pub use emulator::{AwsEmulator, variable as aws_variable};
pub use files::TestFiles;
pub use hasher::CountingHasher;
pub use mail::TestMail;
pub use names::Names;
pub use notices::NoticeQueue;
pub use parts::open_part;
pub use proxy::Proxy;
pub use queues::Queues;
pub use receiver::{Receiver, attribute};
pub use sendgrid::SendgridKey;
pub use signature::aws_signature;
pub use tenant::Tenant;
pub use test_app::{ISSUER, OLD_WEBHOOK_SECRET, TestApp, WEBHOOK_SECRET};
pub use test_request::TestRequest;
pub use test_response::TestResponse;
pub use valkey::Valkey;
pub use webhook_receiver::WebhookReceiver;
pub use world::{SAMPLE_ID, World};
