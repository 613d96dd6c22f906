//! `fan-out-webhooks`: makes a delivery for each of the clinic's active endpoints that wants an event. For an endpoint that
//! is pending none is kept.
//!
//! - **Hears**: every kind that can be heard from outside ([`super::KINDS`]).
//! - **Writes**: `platform.webhook_deliveries`, due at once.
//! - **Atomic**: with the event's row in the inbox, so an event has one delivery for each endpoint.
//! - **Round trips**: 1.

mod db;

use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct FanOutWebhooks;

impl Consumer for FanOutWebhooks {
    const NAME: &'static str = "fan-out-webhooks";
    const SUMMARY: &'static str = "Makes a delivery for each endpoint that wants an event";
    const KINDS: &'static [&'static str] = super::KINDS;
    type Parts = ();

    async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
        // One id for each endpoint that a clinic can have.
        let ids = (0..db::ENDPOINTS).map(|_| delivery.new_id()).collect();
        let mut effect = delivery.begin();
        effect.add(db::insert_deliveries(delivery.event, ids, delivery.now));
        delivery.commit(effect).await?;
        Ok(())
    }
}
