use crate::webhooks::kind::EventKind;
use jiff::Timestamp;
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

/// Inserts the endpoint into the clinic's first free slot. Without a free slot the number is one too high, and the
/// table's constraint refuses it.
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
        "INSERT INTO platform.webhook_endpoints (clinic_id, id, url, kinds, slot, created_at, updated_at)
         SELECT $1, $2, $3, $4, min(free.slot), $5, $5
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
