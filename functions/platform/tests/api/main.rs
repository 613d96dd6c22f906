//! The module's endpoints, one `mod` a slice; in each, the failures that its catalogue row names.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

// One file each: `cargo run -- generate` writes the list.
mod binaries;
mod create_webhook_endpoint;
mod delete_webhook_endpoint;
mod deliver_webhooks;
mod docs;
mod fallback;
mod fan_out_webhooks;
mod gateway_events;
mod get_webhook_endpoint;
mod health;
mod house;
mod housekeeping;
mod jobs;
mod killed_relay;
mod limits;
mod list_audit_log;
mod list_webhook_endpoints;
mod openapi;
mod outbox_relay;
mod pending_webhooks;
mod problems;
mod receiver;
mod record_bounces;
mod record_sendgrid_events;
mod rotate_webhook_secret;
mod send_mail;
mod sqs;
mod webhooks;

use std::sync::LazyLock;
use testkit::{Contract, TestApp};

/// Every reply is held against the committed contract (B12).
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::of(include_str!("../../openapi.json")));

async fn app() -> TestApp {
    TestApp::of(vec![platform::module()]).await.held_to(&CONTRACT)
}
