use super::logic::Window;
use super::schema::{AuditEntry, AuditQuery};
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use tokio_postgres::types::Timestamp;
use uuid::Uuid;

pub(super) fn entries_before(
    clinic: Uuid,
    query: &AuditQuery,
    window: &Window,
    page: &PageQuery<AuditEntry>,
) -> Statement<AuditEntry> {
    let (at, id) = page.start();
    Statement::new(
        "platform.audit_entries_before",
        "SELECT id, created_at, NULLIF(actor_id, '00000000-0000-0000-0000-000000000000') AS actor_id, action, subject,
                subject_id, about, host(client_address) AS client_address, request_id
           FROM kernel.audit_log
          WHERE clinic_id = $1
            AND created_at >= $2
            AND created_at < $3
            AND (created_at, id) < ($4, $5)
            AND ($6::uuid IS NULL OR actor_id = $6)
            AND ($7::text IS NULL OR subject = $7)
            AND ($8::uuid IS NULL OR about = $8)
          ORDER BY created_at DESC, id DESC
          LIMIT $9",
    )
    .bind(clinic)
    .bind(window.from)
    .bind(end(window))
    .bind(at)
    .bind(id)
    .bind(query.actor_id.map(Uuid::from))
    .bind(subject(query))
    .bind(query.about.map(Uuid::from))
    .bind(page.rows())
    .decode(|columns| {
        Ok(AuditEntry {
            id: columns.get("id")?,
            created_at: columns.get("created_at")?,
            actor_id: columns.get("actor_id")?,
            action: columns.get("action")?,
            subject: columns.get("subject")?,
            subject_id: columns.get("subject_id")?,
            about: columns.get("about")?,
            client_address: columns.optional_text("client_address")?,
            request_id: columns.get("request_id")?,
        })
    })
}

/// Counts along the index of the list.
pub(super) fn count_entries(clinic: Uuid, query: &AuditQuery, window: &Window) -> Statement<i64> {
    Statement::new(
        "platform.count_audit_entries",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM kernel.audit_log
                  WHERE clinic_id = $1
                    AND created_at >= $2
                    AND created_at < $3
                    AND ($4::uuid IS NULL OR actor_id = $4)
                    AND ($5::text IS NULL OR subject = $5)
                    AND ($6::uuid IS NULL OR about = $6)
                  ORDER BY created_at DESC, id DESC
                  LIMIT $7) AS counted",
    )
    .bind(clinic)
    .bind(window.from)
    .bind(end(window))
    .bind(query.actor_id.map(Uuid::from))
    .bind(subject(query))
    .bind(query.about.map(Uuid::from))
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}

/// Where the window ends: what is until now has no end.
fn end(window: &Window) -> Timestamp<jiff::Timestamp> {
    window.to.map_or(Timestamp::PosInfinity, Timestamp::Value)
}

fn subject(query: &AuditQuery) -> Option<String> {
    query.subject.as_ref().map(|subject| subject.as_str().to_owned())
}
