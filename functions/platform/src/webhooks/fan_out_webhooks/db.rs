use jiff::Timestamp;
use serde_json::json;
use shared::database::Statement;
use shared::outbox::Event;
use uuid::Uuid;

/// The most endpoints of a clinic: its slots.
pub(super) const ENDPOINTS: usize = 20;

/// Inserts a delivery to each endpoint that is active and wants this kind. The endpoint's slot is the place of
/// the delivery's id in `ids`.
pub(super) fn insert_deliveries(event: &Event, ids: Vec<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.insert_webhook_deliveries",
        "INSERT INTO platform.webhook_deliveries
                (clinic_id, id, endpoint_id, event_id, kind, ids, occurred_at, due_at, created_at, updated_at)
         SELECT e.clinic_id, ($2::uuid[])[e.slot::int], e.id, $3, $4, $5, $6, $7, $7, $7
           FROM platform.webhook_endpoints AS e
          WHERE e.clinic_id = $1
            AND e.deleted_at IS NULL
            AND e.is_confirmed
            AND e.disabled_at IS NULL
            AND $4 = ANY (e.kinds)",
    )
    .bind(event.clinic_id)
    .bind(ids)
    .bind(event.id)
    .bind(event.kind.clone())
    .bind(json!(event.ids))
    .bind(event.created_at)
    .bind(now)
}
