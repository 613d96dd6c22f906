//! `fan-out-webhooks`: makes a delivery for each of the clinic's endpoints that wants to hear of an event.
//!
//! - **Hears**: every kind that can be heard from outside ([`super::KINDS`]).
//! - **Writes**: `platform.webhook_deliveries`, due at once.
//! - **Atomic**: with the event's row in the inbox, so there is one delivery an event and endpoint.
//! - **Round trips**: 1.

mod db;

use shared::background::{Consumer, Delivery, Halt};
use shared::database::Statement;
use shared::http::Sample;

/// The declaration.
#[derive(Debug)]
pub struct FanOutWebhooks;

impl Consumer for FanOutWebhooks {
    const NAME: &'static str = "fan-out-webhooks";
    const SUMMARY: &'static str = "Makes a delivery for each endpoint that wants an event";
    const KINDS: &'static [&'static str] = super::KINDS;

    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
        db::all(sample)
    }

    async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
        // An endpoint's delivery has one of these ids; a clinic has at most so many endpoints.
        let ids = (0..db::ENDPOINTS).map(|_| delivery.new_id()).collect();
        let mut effect = delivery.begin();
        effect.add(db::insert_deliveries(delivery.event, ids, delivery.now));
        delivery.commit(effect).await?;
        Ok(())
    }
}
