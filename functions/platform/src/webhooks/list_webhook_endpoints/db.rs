use crate::webhooks::WebhookEndpoint;
use shared::cursor::{COUNTED_AT_MOST, Cursor};
use shared::database::Statement;
use shared::endpoint::Sample;
use tokio_postgres::types::Timestamp;
use uuid::Uuid;

/// One row more than `limit`, from behind the cursor on. Without a cursor the page starts at the end of time.
pub(super) fn endpoints_before(
    clinic: Uuid,
    cursor: Option<Cursor>,
    limit: u8,
) -> Statement<WebhookEndpoint> {
    let (at, id) = match cursor {
        Some(cursor) => (Timestamp::Value(cursor.at), cursor.id),
        None => (Timestamp::PosInfinity, Uuid::max()),
    };
    Statement::new(
        "platform.webhook_endpoints_before",
        "SELECT id, url, kinds, disabled_at, created_at
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
    .bind(i64::from(limit) + 1)
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

/// All statements of the slice: the first page, a far page, the count.
pub(super) fn all(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let clinic = sample.clinic();
    let far = Cursor { page: 2, at: sample.call.now, id: sample.id("webhook_endpoint") };
    vec![
        endpoints_before(clinic, None, 20).erase(),
        endpoints_before(clinic, Some(far), 100).erase(),
        count_endpoints(clinic).erase(),
    ]
}
