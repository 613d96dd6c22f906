use crate::subscription::subscriptions;
use jiff::Timestamp;
use shared::background::sweep::{BATCH, Place, Swept};
use shared::database::Statement;
use shared::failure::Fault;

/// Deletes events that were sent by `until` and taken by all of their consumers by then, with their rows in the inbox.
/// The head of `V0010` says for what an event stays. The rows are locked first and looked at once more: a replay in
/// between has moved `sent_at` on. The count compares one event at a time, so that no plan reads the inbox as a whole.
pub(super) fn delete_events(until: Timestamp, after: Place) -> Result<Statement<Swept>, Fault> {
    let heard = subscriptions()?
        .iter()
        .flat_map(|it| it.kinds.iter().map(|kind| (it.consumer.clone(), kind.clone())));
    let (consumers, kinds): (Vec<String>, Vec<String>) = heard.unzip();
    let statement = Statement::new(
        "platform.delete_old_events",
        "WITH old AS MATERIALIZED (
             SELECT id, sent_at
               FROM kernel.outbox
              WHERE sent_at <= $1
                AND (sent_at, id) > ($2, $3)
              ORDER BY sent_at, id
              LIMIT $4
         ), over AS MATERIALIZED (
             SELECT o.id
               FROM kernel.outbox AS o
              WHERE o.id = ANY (ARRAY(SELECT id FROM old))
                AND o.sent_at <= $1
                AND (SELECT count(*)
                       FROM unnest($5::text[], $6::text[]) AS heard (consumer, kind)
                      WHERE heard.kind = o.kind
                        AND NOT EXISTS (
                            SELECT 1
                              FROM kernel.inbox AS i
                             WHERE i.consumer = heard.consumer
                               AND i.event_id = o.id
                               AND i.created_at <= $1)) = 0
                AND NOT EXISTS (SELECT 1 FROM kernel.dead_letters AS d WHERE d.event_id = o.id)
                FOR UPDATE OF o SKIP LOCKED
         ), forgotten AS (
             DELETE FROM kernel.inbox WHERE event_id = ANY (ARRAY(SELECT id FROM over))
         ), gone AS (
             DELETE FROM kernel.outbox WHERE id = ANY (ARRAY(SELECT id FROM over))
             RETURNING id
         )
         SELECT (SELECT count(*) FROM old) AS seen, (SELECT count(*) FROM gone) AS gone, sent_at, id
           FROM old
          ORDER BY sent_at DESC, id DESC
          LIMIT 1",
    )
    .bind(until)
    .bind(after.0)
    .bind(after.1)
    .bind(BATCH)
    .bind(consumers)
    .bind(kinds)
    .decode(|columns| {
        Ok(Swept {
            seen: columns.get("seen")?,
            gone: columns.get("gone")?,
            last: (columns.get("sent_at")?, columns.get("id")?),
        })
    });
    Ok(statement)
}

/// Deletes the oldest expired keys that nobody has locked. A caller who claims an expired key anew has locked it.
pub(super) fn delete_keys() -> Statement<()> {
    Statement::new(
        "platform.delete_expired_keys",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM kernel.idempotency_keys
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM kernel.idempotency_keys WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes expired jobs. A consumer that moves a job on has locked it; a consumer that comes later finds no job and
/// adds nothing.
pub(super) fn delete_jobs() -> Statement<()> {
    Statement::new(
        "platform.delete_expired_jobs",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM kernel.jobs
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM kernel.jobs WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes mails that have ended. A mail changes with its state only: the last change of a mail that is not
/// queued is its end, or its return.
pub(super) fn delete_mails() -> Statement<()> {
    Statement::new(
        "platform.delete_ended_mails",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM kernel.mails
              WHERE state <> 'queued' AND updated_at <= $1
              ORDER BY updated_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM kernel.mails WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND updated_at <= $1
             RETURNING updated_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes buckets of limits that are full again: without a row a bucket is full as well.
pub(super) fn delete_buckets() -> Statement<()> {
    Statement::new(
        "platform.delete_full_buckets",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM kernel.rate_buckets
              WHERE used_until <= $1
              ORDER BY used_until LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM kernel.rate_buckets WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND used_until <= $1
             RETURNING used_until
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}
