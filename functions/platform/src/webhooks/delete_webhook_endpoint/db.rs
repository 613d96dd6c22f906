use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

pub(super) fn delete_endpoint(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.delete_webhook_endpoint",
        "UPDATE platform.webhook_endpoints
            SET deleted_at = $3, updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND deleted_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}

pub(super) fn end_secrets_now(clinic: Uuid, endpoint: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.end_webhook_secrets_now",
        "UPDATE platform.webhook_secrets
            SET expires_at = $3, updated_at = $3
          WHERE clinic_id = $1
            AND endpoint_id = $2",
    )
    .bind(clinic)
    .bind(endpoint)
    .bind(now)
}

pub(super) fn drop_deliveries(clinic: Uuid, endpoint: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.drop_webhook_deliveries",
        "UPDATE platform.webhook_deliveries
            SET state = 'dropped', finished_at = $3, updated_at = $3
          WHERE clinic_id = $1
            AND endpoint_id = $2
            AND state = 'waiting'",
    )
    .bind(clinic)
    .bind(endpoint)
    .bind(now)
}
