//! Switches endpoints on and off by what they answered. In the audit log the endpoint itself is the actor, and the delivery
//! is the request.
//!
//! Who switches locks the endpoint before its deliveries, like whoever deletes it.

use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// An endpoint that is switched, by the answer to a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switched {
    pub(super) clinic: Uuid,
    pub(super) endpoint: Uuid,
    pub(super) delivery: Uuid,
    /// The id of the audit row.
    pub(super) audit: Uuid,
    /// Whether the endpoint is left alone when it is pending no more.
    pub(super) only_pending: bool,
}

/// Binds what `$1` to `$4` are: the ids of clinics, endpoints, deliveries and audit rows.
fn bound(statement: Statement<()>, switched: &[Switched]) -> Statement<()> {
    statement
        .bind(ids(switched, |one| one.clinic))
        .bind(ids(switched, |one| one.endpoint))
        .bind(ids(switched, |one| one.delivery))
        .bind(ids(switched, |one| one.audit))
}

fn ids(switched: &[Switched], of: fn(&Switched) -> Uuid) -> Vec<Uuid> {
    switched.iter().map(of).collect()
}

/// Makes pending endpoints active. One that was deleted or disabled meanwhile stays so.
pub(super) fn activate_endpoints(switched: &[Switched], now: Timestamp) -> Statement<()> {
    let statement = Statement::new(
        "platform.activate_webhook_endpoints",
        "WITH activated AS (
             UPDATE platform.webhook_endpoints AS e
                SET is_confirmed = true, updated_at = $5
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS good (clinic_id, id, delivery_id, audit_id)
              WHERE e.clinic_id = good.clinic_id
                AND e.id = good.id
                AND NOT e.is_confirmed
                AND e.disabled_at IS NULL
                AND e.deleted_at IS NULL
             RETURNING e.clinic_id, e.id, good.delivery_id, good.audit_id
         )
         INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT audit_id, clinic_id, id, 'webhook_endpoint.activated', 'webhook_endpoint', id, delivery_id::text, $5
           FROM activated",
    );
    bound(statement, switched).bind(now)
}

/// Disables endpoints. One that was deleted meanwhile stays as it is.
pub(super) fn disable_endpoints(switched: &[Switched], now: Timestamp) -> Statement<()> {
    let only_pending = switched.iter().filter(|one| one.only_pending);
    let only_pending: Vec<Uuid> = only_pending.map(|one| one.delivery).collect();
    let statement = Statement::new(
        "platform.disable_webhook_endpoints",
        "WITH disabled AS (
             UPDATE platform.webhook_endpoints AS e
                SET disabled_at = $6, updated_at = $6
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS gone (clinic_id, id, delivery_id, audit_id)
              WHERE e.clinic_id = gone.clinic_id
                AND e.id = gone.id
                AND NOT (e.is_confirmed AND gone.delivery_id = ANY ($5::uuid[]))
                AND e.disabled_at IS NULL
                AND e.deleted_at IS NULL
             RETURNING e.clinic_id, e.id, gone.delivery_id, gone.audit_id
         )
         INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT audit_id, clinic_id, id, 'webhook_endpoint.disabled', 'webhook_endpoint', id, delivery_id::text, $6
           FROM disabled",
    );
    bound(statement, switched).bind(only_pending).bind(now)
}

/// Drops the deliveries that wait for endpoints that are disabled now.
pub(super) fn drop_deliveries(switched: &[Switched], now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.drop_deliveries_of_the_gone",
        "UPDATE platform.webhook_deliveries AS d
            SET state = 'dropped', finished_at = $3, updated_at = $3
           FROM unnest($1::uuid[], $2::uuid[]) AS gone (clinic_id, id)
           JOIN platform.webhook_endpoints AS e ON e.clinic_id = gone.clinic_id AND e.id = gone.id
          WHERE e.disabled_at IS NOT NULL
            AND d.clinic_id = gone.clinic_id
            AND d.endpoint_id = gone.id
            AND d.state = 'waiting'",
    )
    .bind(ids(switched, |one| one.clinic))
    .bind(ids(switched, |one| one.endpoint))
    .bind(now)
}
