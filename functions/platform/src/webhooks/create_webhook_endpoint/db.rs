use crate::webhooks::kind::{EventKind, TEST};
use jiff::Timestamp;
use serde_json::json;
use shared::database::Statement;
use uuid::Uuid;

/// Locks the making of endpoints of a clinic, so that two requests do not reach for the same slot. The lock ends with
/// the transaction.
pub(super) fn take_turn(clinic: Uuid) -> Statement<()> {
    Statement::new(
        "platform.take_webhook_turn",
        "SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoints ' || $1, 0)) AS locked",
    )
    .bind(clinic.to_string())
}

/// Inserts the endpoint, as a pending one, into the clinic's first free slot. Without a free slot the number is one too
/// high, and the table's constraint refuses it.
pub(super) fn insert_endpoint(
    clinic: Uuid,
    id: Uuid,
    url: String,
    kinds: &[EventKind],
    now: Timestamp,
) -> Statement<()> {
    let kinds: Vec<&'static str> = kinds.iter().map(|kind| kind.name()).collect();
    Statement::new(
        "platform.insert_webhook_endpoint",
        "INSERT INTO platform.webhook_endpoints (clinic_id, id, url, kinds, slot, is_confirmed, created_at, updated_at)
         SELECT $1, $2, $3, $4, min(free.slot), false, $5, $5
           FROM generate_series(1, 21) AS free (slot)
          WHERE NOT EXISTS (
                SELECT 1
                  FROM platform.webhook_endpoints AS e
                 WHERE e.clinic_id = $1
                   AND e.slot = free.slot
                   AND e.deleted_at IS NULL)",
    )
    .bind(clinic)
    .bind(id)
    .bind(url)
    .bind(kinds)
    .bind(now)
}

/// Inserts the test of a new endpoint, due at once: a delivery like those of events, of an event that only this endpoint
/// hears of. `ids` are those of the delivery and of the event.
pub(super) fn insert_test(clinic: Uuid, endpoint: Uuid, ids: (Uuid, Uuid), now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.insert_webhook_test",
        "INSERT INTO platform.webhook_deliveries
                (clinic_id, id, endpoint_id, event_id, kind, ids, occurred_at, due_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $7)",
    )
    .bind(clinic)
    .bind(ids.0)
    .bind(endpoint)
    .bind(ids.1)
    .bind(TEST)
    .bind(json!({ "webhookEndpointId": endpoint }))
    .bind(now)
}
