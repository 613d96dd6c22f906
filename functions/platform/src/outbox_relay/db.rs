use super::logic::{Discarded, Leased, Settlement};
use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use shared::outbox::{Event, Stream};
use uuid::Uuid;

/// How many streams one step takes.
pub(super) const STREAMS: i64 = 100;

/// How long a relay keeps a lease. A relay that takes longer, or dies, is overtaken.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// Leases the oldest unsent row of each stream behind the bookmark, when that row is due, and reads it with up to nine
/// rows behind it. The statement steps through the index from stream to stream: waiting rows cost nothing. A row that
/// another relay has locked is about to be leased by that relay.
pub(super) fn lease(after: &Stream, now: Timestamp) -> Statement<Leased> {
    Statement::new(
        "platform.lease_events",
        "WITH RECURSIVE heads AS (
             (SELECT clinic_id, aggregate, aggregate_id, id, available_at
                FROM kernel.outbox
               WHERE sent_at IS NULL
                 AND (clinic_id, aggregate, aggregate_id) > ($1, $2, $3)
               ORDER BY clinic_id, aggregate, aggregate_id, seq, id
               LIMIT 1)
             UNION ALL
             SELECT next.clinic_id, next.aggregate, next.aggregate_id, next.id, next.available_at
               FROM heads
              CROSS JOIN LATERAL (
                    SELECT o.clinic_id, o.aggregate, o.aggregate_id, o.id, o.available_at
                      FROM kernel.outbox AS o
                     WHERE o.sent_at IS NULL
                       AND (o.clinic_id, o.aggregate, o.aggregate_id)
                           > (heads.clinic_id, heads.aggregate, heads.aggregate_id)
                     ORDER BY o.clinic_id, o.aggregate, o.aggregate_id, o.seq, o.id
                     LIMIT 1) AS next
         ), due AS MATERIALIZED (
             SELECT id
               FROM heads
              WHERE available_at IS NULL OR available_at <= $4
              LIMIT $5
         ), mine AS MATERIALIZED (
             SELECT o.id
               FROM kernel.outbox AS o
              WHERE o.id = ANY (ARRAY(SELECT id FROM due))
                AND o.sent_at IS NULL
                AND (o.available_at IS NULL OR o.available_at <= $4)
                FOR UPDATE SKIP LOCKED
         ), leased AS (
             UPDATE kernel.outbox AS o
                SET available_at = $6, updated_at = $4
              WHERE o.id = ANY (ARRAY(SELECT id FROM mine))
             RETURNING o.clinic_id, o.aggregate, o.aggregate_id
         )
         SELECT e.id, e.clinic_id, e.aggregate, e.aggregate_id, e.seq, e.kind, e.ids::text AS ids, e.traceparent,
                e.created_at, e.attempts
           FROM leased
          CROSS JOIN LATERAL (
                SELECT o.id, o.clinic_id, o.aggregate, o.aggregate_id, o.seq, o.kind, o.ids, o.traceparent,
                       o.created_at, o.attempts
                  FROM kernel.outbox AS o
                 WHERE o.sent_at IS NULL
                   AND o.clinic_id = leased.clinic_id
                   AND o.aggregate = leased.aggregate
                   AND o.aggregate_id = leased.aggregate_id
                 ORDER BY o.clinic_id, o.aggregate, o.aggregate_id, o.seq, o.id
                 LIMIT 10) AS e",
    )
    .bind(after.clinic)
    .bind(after.aggregate.clone())
    .bind(after.id)
    .bind(now)
    .bind(STREAMS)
    .bind(now + LEASE)
    .decode(|columns| Ok(Leased { event: Event::decode(columns)?, attempts: columns.get("attempts")? }))
}

/// Leases dead letters that somebody wants replayed, the oldest of a stream first.
pub(super) fn lease_replays(now: Timestamp) -> Statement<Discarded> {
    Statement::new(
        "platform.lease_replays",
        "UPDATE kernel.dead_letters AS d
            SET replay_at = $2, replays = d.replays + 1, updated_at = $1
          WHERE (d.consumer, d.event_id) IN (
                SELECT r.consumer, r.event_id
                  FROM kernel.dead_letters AS r
                 WHERE r.replay_at <= $1
                 ORDER BY r.consumer, r.clinic_id, r.aggregate_id, r.seq
                 LIMIT 100
                   FOR UPDATE SKIP LOCKED)
         RETURNING d.consumer, d.event_id AS id, d.clinic_id, d.aggregate, d.aggregate_id, d.seq, d.kind,
                   d.ids::text AS ids, d.traceparent, d.announced_at AS created_at, d.replays",
    )
    .bind(now)
    .bind(now + LEASE)
    .decode(|columns| {
        Ok(Discarded {
            consumer: columns.get("consumer")?,
            event: Event::decode(columns)?,
            replays: columns.get("replays")?,
        })
    })
}

/// Marks the events that every queue took.
fn mark_sent(ids: Vec<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.mark_sent",
        "UPDATE kernel.outbox
            SET sent_at = $2, available_at = NULL, updated_at = $2
          WHERE id = ANY ($1)",
    )
    .bind(ids)
    .bind(now)
}

/// Postpones refused events by 1, 2, 4, … seconds, five minutes at most, each shortened by up to a half, so that events
/// that failed together do not come back together.
fn postpone(ids: Vec<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.postpone_events",
        "UPDATE kernel.outbox
            SET attempts     = attempts + 1,
                available_at = $2 + LEAST(300, power(2, attempts)) * (1 - random() / 2) * interval '1 second',
                updated_at   = $2
          WHERE id = ANY ($1)
            AND sent_at IS NULL",
    )
    .bind(ids)
    .bind(now)
}

/// Ends the lease of events that were not sent through no fault of their own: they may be taken again at once.
fn release(ids: Vec<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.release_events",
        "UPDATE kernel.outbox
            SET available_at = NULL, updated_at = $2
          WHERE id = ANY ($1)
            AND sent_at IS NULL",
    )
    .bind(ids)
    .bind(now)
}

/// Writes the dead letters of events that were refused too often. Another relay may have overtaken this one and done
/// so: then the dead letter is there already.
fn discard(settlement: &Settlement, now: Timestamp) -> Statement<()> {
    let (consumers, rest): (Vec<String>, Vec<(Uuid, String)>) =
        settlement.dead.iter().map(|dead| (dead.consumer.clone(), (dead.event, dead.reason.clone()))).unzip();
    let (events, reasons): (Vec<Uuid>, Vec<String>) = rest.into_iter().unzip();
    Statement::new(
        "platform.discard_events",
        "INSERT INTO kernel.dead_letters
                (consumer, event_id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, announced_at,
                 reason, created_at, updated_at)
         SELECT d.consumer, o.id, o.clinic_id, o.aggregate, o.aggregate_id, o.seq, o.kind, o.ids, o.traceparent,
                o.created_at, left(d.reason, 500), $4, $4
           FROM unnest($1::text[], $2::uuid[], $3::text[]) AS d (consumer, event_id, reason)
           JOIN kernel.outbox AS o ON o.id = d.event_id
         ON CONFLICT (consumer, event_id) DO NOTHING",
    )
    .bind(consumers)
    .bind(events)
    .bind(reasons)
    .bind(now)
}

/// The statements that note a settlement.
pub(super) fn settle(settlement: &Settlement, now: Timestamp) -> Vec<Statement<()>> {
    let mut all = Vec::new();
    if !settlement.dead.is_empty() {
        all.push(discard(settlement, now));
    }
    for (ids, statement) in [
        (&settlement.sent, mark_sent as fn(Vec<Uuid>, Timestamp) -> Statement<()>),
        (&settlement.refused, postpone),
        (&settlement.unsent, release),
    ] {
        if !ids.is_empty() {
            all.push(statement(ids.clone(), now));
        }
    }
    all
}

/// Notes that events were sent now, because a queue took their dead letters: their rows in the inbox, which keep an
/// event from a second effect, stay as long as any other event's. An event that some other queue does not have stays
/// unsent.
pub(super) fn note_resent(events: Vec<Uuid>, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.note_events_resent",
        "UPDATE kernel.outbox
            SET sent_at = $2, updated_at = $2
          WHERE id = ANY ($1)
            AND sent_at IS NOT NULL",
    )
    .bind(events)
    .bind(now)
}

/// Deletes dead letters that their consumers took at last.
pub(super) fn redrive(consumers: Vec<String>, events: Vec<Uuid>) -> Statement<()> {
    Statement::new(
        "platform.redrive_events",
        "DELETE FROM kernel.dead_letters AS d
          USING unnest($1::text[], $2::uuid[]) AS taken (consumer, event_id)
          WHERE d.consumer = taken.consumer
            AND d.event_id = taken.event_id",
    )
    .bind(consumers)
    .bind(events)
}

/// Notes that dead letters were refused once more: they wait for somebody again.
pub(super) fn discard_again(
    consumers: Vec<String>,
    events: Vec<Uuid>,
    reasons: Vec<String>,
) -> Statement<()> {
    Statement::new(
        "platform.discard_events_again",
        "UPDATE kernel.dead_letters AS d
            SET replay_at = NULL, reason = left(refused.reason, 500)
           FROM unnest($1::text[], $2::uuid[], $3::text[]) AS refused (consumer, event_id, reason)
          WHERE d.consumer = refused.consumer
            AND d.event_id = refused.event_id",
    )
    .bind(consumers)
    .bind(events)
    .bind(reasons)
}
