//! Outgoing webhooks by the Standard Webhooks specification (<https://www.standardwebhooks.com>). The slices share
//! the endpoint as its clinic sees it, the kinds of events, secrets and signatures.
//!
//! A clinic names endpoints and the kinds of events they want to hear. An endpoint is pending until it has answered a test
//! ([`TEST`]). [`fan_out_webhooks`] makes a delivery for each active endpoint that wants an event; [`deliver_webhooks`]
//! sends the deliveries, for three days if need be.

pub mod create_webhook_endpoint;
pub mod delete_webhook_endpoint;
pub mod deliver_webhooks;
mod endpoint;
pub mod fan_out_webhooks;
pub mod get_webhook_endpoint;
mod kind;
pub mod list_webhook_endpoints;
pub mod rotate_webhook_secret;
mod signing;
mod switch;

pub use endpoint::{EndpointStatus, WebhookEndpoint};
pub use kind::{EventKind, KINDS, TEST};
pub use signing::SigningSecret;

use shared::access::{Permission, Role};

/// Saying where events are sent, and with which secret they are signed.
pub const MANAGE_WEBHOOKS: Permission = Permission::new("webhooks:manage", &[Role::Owner, Role::Admin]);
