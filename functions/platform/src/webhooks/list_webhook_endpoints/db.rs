use crate::webhooks::WebhookEndpoint;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

pub(super) fn endpoints_before(
    clinic: Uuid,
    page: &PageQuery<WebhookEndpoint>,
) -> Statement<WebhookEndpoint> {
    let (at, id) = page.start();
    Statement::new(
        "platform.webhook_endpoints_before",
        "SELECT id, url, kinds, is_confirmed, disabled_at, created_at
           FROM platform.webhook_endpoints
          WHERE clinic_id = $1
            AND (created_at, id) < ($2, $3)
            AND deleted_at IS NULL
          ORDER BY created_at DESC, id DESC
          LIMIT $4",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(page.rows())
    .decode(WebhookEndpoint::decode)
}

pub(super) fn count_endpoints(clinic: Uuid) -> Statement<i64> {
    Statement::new(
        "platform.count_webhook_endpoints",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM platform.webhook_endpoints
                  WHERE clinic_id = $1
                    AND deleted_at IS NULL
                  ORDER BY created_at DESC, id DESC
                  LIMIT $2) AS counted",
    )
    .bind(clinic)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
