use crate::webhooks::WebhookEndpoint;
use shared::database::Statement;
use uuid::Uuid;

pub(super) fn endpoint(clinic: Uuid, id: Uuid) -> Statement<WebhookEndpoint> {
    Statement::new(
        "platform.webhook_endpoint",
        "SELECT id, url, kinds, is_confirmed, disabled_at, created_at
           FROM platform.webhook_endpoints
          WHERE clinic_id = $1
            AND id = $2
            AND deleted_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .decode(WebhookEndpoint::decode)
}
