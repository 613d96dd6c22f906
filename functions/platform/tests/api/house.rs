//! What the tests of housekeeping put into the house.

use jiff::{SignedDuration, Timestamp};
use shared::access::Role;
use shared::clock::Clock as _;
use shared::outbox::Event;
use testkit::{Tenant, TestApp};
use uuid::Uuid;

/// So many days before the test app's clock.
pub(super) fn days_ago(app: &TestApp, days: i64) -> Timestamp {
    app.clock.now() - SignedDuration::from_hours(24 * days)
}

/// A moment later.
pub(super) fn later(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_micros(1)
}

/// Announces events of one patient, numbered from 1, and gives them.
pub(super) async fn stream(app: &TestApp, tenant: &Tenant, events: u32) -> Vec<Event> {
    let sql = format!(
        "INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'patient', stream, seq, 'patient.updated',
                jsonb_build_object('patientId', stream), '', now(), now()
           FROM (SELECT uuidv7() AS stream) AS streams, generate_series(1, {events}) AS seq
         RETURNING aggregate_id",
        clinic = tenant.clinic
    );
    let stream: Uuid = app.database.rows(&sql).await[0][0].parse().unwrap();
    app.events().await.into_iter().filter(|event| event.aggregate_id == stream).collect()
}

/// Everything announced so far was sent then.
pub(super) async fn sent(app: &TestApp, at: Timestamp) {
    app.database.run(&format!("UPDATE kernel.outbox SET sent_at = '{at}'")).await;
}

/// Notes an event as taken then.
pub(super) async fn taken(app: &TestApp, consumer: &str, event: &Event, at: Timestamp) {
    let sql = format!(
        "INSERT INTO kernel.inbox (consumer, event_id, clinic_id, module, created_at, updated_at)
         VALUES ('{consumer}', '{}', '{}', 'platform', '{at}', '{at}')",
        event.id, event.clinic_id
    );
    app.database.run(&sql).await;
}

/// Makes an event a dead letter of that consumer.
pub(super) async fn discard(app: &TestApp, consumer: &str, event: &Event) {
    let sql = format!(
        "INSERT INTO kernel.dead_letters
                (consumer, event_id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, announced_at, reason,
                 created_at, updated_at)
         SELECT '{consumer}', id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, 'sample',
                created_at, created_at
           FROM kernel.outbox WHERE id = '{}'",
        event.id
    );
    app.database.run(&sql).await;
}

/// The numbers of the events that the outbox has, in order.
pub(super) async fn left(app: &TestApp) -> Vec<i64> {
    app.events().await.iter().map(|event| event.seq).collect()
}

/// A key that expires then.
pub(super) async fn key(app: &TestApp, tenant: &Tenant, expires_at: Timestamp) {
    let sql = format!(
        "INSERT INTO kernel.idempotency_keys
                (clinic_id, module, caller_id, key, fingerprint, reply, expires_at, created_at, updated_at)
         VALUES ('{}', 'billing', uuidv7(), '{expires_at}', decode(repeat('00', 32), 'hex'), '{{}}', '{expires_at}',
                 now(), now())",
        tenant.clinic
    );
    app.database.run(&sql).await;
}

/// A job in that state with one part, kept until then.
pub(super) async fn job(app: &TestApp, tenant: &Tenant, reached: &str, expires_at: Timestamp) {
    let sql = format!(
        "WITH made AS (
             INSERT INTO kernel.jobs
                    (id, clinic_id, module, owner_id, kind, state, done, total, finished_at, expires_at, created_at,
                     updated_at)
             VALUES (uuidv7(), '{}', 'patients', '{}', 'sample.export', '{reached}',
                     CASE '{reached}' WHEN 'succeeded' THEN 2 ELSE 1 END, 2,
                     CASE '{reached}' WHEN 'succeeded' THEN now() END, '{expires_at}', now(), now())
             RETURNING clinic_id, id)
         INSERT INTO kernel.job_parts (clinic_id, job_id, name, module, content, created_at, updated_at)
         SELECT clinic_id, id, 'one', 'patients', '{{}}', now(), now() FROM made",
        tenant.clinic,
        tenant.user(Role::Owner)
    );
    app.database.run(&sql).await;
}

/// A mail in that state, changed for the last time then.
pub(super) async fn mail(app: &TestApp, tenant: &Tenant, reached: &str, changed_at: Timestamp) {
    let sql = format!(
        "INSERT INTO kernel.mails
                (id, clinic_id, module, key, language, state, sent_at, provider_id, failure, bounce, returned_at,
                 recipient_address, subject, html, plain_text, attachments, created_at, updated_at)
         SELECT uuidv7(), '{}', 'identity', uuidv7()::text, 'en', state, CASE WHEN was_sent THEN '{changed_at}'::timestamptz END,
                CASE WHEN was_sent THEN 'sample' END, CASE state WHEN 'failed' THEN 'MAIL_REFUSED' END,
                CASE state WHEN 'bounced' THEN 'permanent' END,
                CASE WHEN state IN ('bounced', 'complained') THEN now() END,
                CASE state WHEN 'queued' THEN 'canary@example.com' END, whole, whole, whole, to_jsonb(list),
                '{changed_at}', '{changed_at}'
           FROM (SELECT '{reached}' AS state, '{reached}' IN ('sent', 'bounced', 'complained') AS was_sent,
                        CASE '{reached}' WHEN 'queued' THEN 's' END AS whole,
                        CASE '{reached}' WHEN 'queued' THEN ARRAY[]::text[] END AS list) AS mail",
        tenant.clinic
    );
    app.database.run(&sql).await;
}
