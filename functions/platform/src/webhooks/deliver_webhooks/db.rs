use super::logic::{Delivery, FOR_THE_FIRST, Fate, OF_A_CLINIC, OF_A_HOST, OF_AN_ENDPOINT, Place};
use crate::webhooks::kind::TEST;
use jiff::{SignedDuration, Timestamp};
use shared::database::{Columns, DecodeError, Statement};
use uuid::Uuid;

/// How long a delivery that has ended is kept.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Leases due deliveries until `until`, none by a name that is used up, a host's or a clinic's at a host: up to `free`, of
/// which the last [`FOR_THE_FIRST`] of all places are for clinics that have none, each within the shares that `taken`
/// leaves to its endpoint, host and clinic. Who has the fewest places comes first, then who is due the longest.
///
/// The statement steps through the index from endpoint to endpoint, so an endpoint with many deliveries costs the others
/// nothing. A row that another worker has locked is about to be leased by that worker.
pub(super) fn lease(
    free: usize,
    taken: &[&Place],
    used_up: Vec<String>,
    now: Timestamp,
    until: Timestamp,
) -> Statement<Delivery> {
    let number = |places: usize| i64::try_from(places).unwrap_or(0);
    lease_statement()
        .bind(now)
        .bind(taken.iter().map(|place| place.clinic).collect::<Vec<_>>())
        .bind(taken.iter().map(|place| place.endpoint).collect::<Vec<_>>())
        .bind(taken.iter().map(|place| place.host.clone()).collect::<Vec<_>>())
        .bind(until)
        .bind(OF_AN_ENDPOINT)
        .bind(OF_A_CLINIC)
        .bind(OF_A_HOST)
        .bind(number(free))
        .bind(number(free.saturating_sub(FOR_THE_FIRST)))
        .bind(used_up)
        .bind(TEST)
        .decode(delivery)
}

/// Places that are taken stand before what is due, without an id, and count in each share.
fn lease_statement() -> Statement<()> {
    Statement::new(
        "platform.lease_webhook_deliveries",
        "WITH RECURSIVE heads AS (
             (SELECT clinic_id, endpoint_id FROM platform.webhook_deliveries WHERE state = 'waiting'
               ORDER BY clinic_id, endpoint_id, due_at, id LIMIT 1)
              UNION ALL
             SELECT next.clinic_id, next.endpoint_id FROM heads CROSS JOIN LATERAL (
                    SELECT d.clinic_id, d.endpoint_id FROM platform.webhook_deliveries AS d
                     WHERE d.state = 'waiting' AND (d.clinic_id, d.endpoint_id) > (heads.clinic_id, heads.endpoint_id)
                     ORDER BY d.clinic_id, d.endpoint_id, d.due_at, d.id LIMIT 1) AS next
         ), places AS (
             SELECT clinic_id, endpoint_id, host, NULL::uuid AS id, '-infinity'::timestamptz AS due_at
               FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS taken (clinic_id, endpoint_id, host)
              UNION ALL
             SELECT heads.clinic_id, heads.endpoint_id, coalesce(substring(e.url FROM '^https?://([^/?#]+)'), e.url),
                    first.id, first.due_at
               FROM heads CROSS JOIN LATERAL (
                    SELECT d.id, d.due_at FROM platform.webhook_deliveries AS d
                     WHERE d.state = 'waiting' AND d.due_at <= $1
                       AND (d.clinic_id, d.endpoint_id) = (heads.clinic_id, heads.endpoint_id)
                     ORDER BY d.due_at, d.id LIMIT $6) AS first
               JOIN platform.webhook_endpoints AS e ON (e.clinic_id, e.id) = (heads.clinic_id, heads.endpoint_id)
         ), of_endpoints AS (
             SELECT clinic_id, host, id, due_at,
                    row_number() OVER (PARTITION BY clinic_id, endpoint_id ORDER BY due_at, id) AS of_endpoint,
                    row_number() OVER (PARTITION BY clinic_id, host ORDER BY due_at, id) AS turn
               FROM places
         ), of_hosts AS (
             SELECT clinic_id, id, due_at,
                    row_number() OVER (PARTITION BY host ORDER BY id IS NOT NULL, turn, due_at, id) AS of_host
               FROM of_endpoints
              WHERE id IS NULL OR (of_endpoint <= $6 AND NOT ARRAY[host, host || ' ' || clinic_id] && $11)
         ), of_clinics AS (
             SELECT clinic_id, id, due_at, row_number() OVER (PARTITION BY clinic_id ORDER BY due_at, id) AS of_clinic
               FROM of_hosts WHERE id IS NULL OR of_host <= $8
         ), firsts AS MATERIALIZED (
             SELECT clinic_id, id FROM of_clinics WHERE of_clinic = 1 AND id IS NOT NULL
              ORDER BY due_at, id LIMIT $9
         ), others AS MATERIALIZED (
             SELECT clinic_id, id FROM of_clinics WHERE of_clinic BETWEEN 2 AND $7 AND id IS NOT NULL
              ORDER BY of_clinic, due_at, id LIMIT greatest($10 - (SELECT count(*) FROM firsts), 0)
         ), mine AS MATERIALIZED (
             SELECT d.clinic_id, d.id FROM (TABLE firsts UNION ALL TABLE others) AS fair
               JOIN platform.webhook_deliveries AS d ON d.clinic_id = fair.clinic_id AND d.id = fair.id
              WHERE d.state = 'waiting' AND d.due_at <= $1 FOR UPDATE OF d SKIP LOCKED
         ), leased AS (
             UPDATE platform.webhook_deliveries AS d SET due_at = $5, updated_at = $1
               FROM mine WHERE (d.clinic_id, d.id) = (mine.clinic_id, mine.id)
             RETURNING d.clinic_id, d.id, d.endpoint_id, d.event_id, d.kind, d.ids, d.occurred_at, d.attempts
         )
         SELECT l.clinic_id, l.id, l.endpoint_id, l.event_id, l.kind, l.ids, l.occurred_at, l.attempts, e.url,
                coalesce(substring(e.url FROM '^https?://([^/?#]+)'), e.url) AS host,
                e.disabled_at IS NULL AND e.deleted_at IS NULL AND (e.is_confirmed OR l.kind = $12) AS is_wanted,
                ARRAY(SELECT s.secret FROM platform.webhook_secrets AS s
                       WHERE (s.clinic_id, s.endpoint_id) = (l.clinic_id, l.endpoint_id)
                         AND (s.expires_at IS NULL OR s.expires_at > $1)
                       ORDER BY s.expires_at DESC NULLS FIRST LIMIT 2) AS secrets
           FROM leased AS l
           JOIN platform.webhook_endpoints AS e ON (e.clinic_id, e.id) = (l.clinic_id, l.endpoint_id) LIMIT $9",
    )
}

fn delivery(columns: &Columns<'_>) -> Result<Delivery, DecodeError> {
    let place = Place {
        clinic: columns.get("clinic_id")?,
        endpoint: columns.get("endpoint_id")?,
        host: columns.get("host")?,
    };
    Ok(Delivery {
        place,
        id: columns.get("id")?,
        event: columns.get("event_id")?,
        kind: columns.get("kind")?,
        ids: columns.get("ids")?,
        occurred_at: columns.get("occurred_at")?,
        attempts: columns.get("attempts")?,
        url: columns.get("url")?,
        is_wanted: columns.get("is_wanted")?,
        secrets: columns.get("secrets")?,
    })
}

/// Notes the fate of deliveries. A delivery that was dropped or settled meanwhile stays as it is, and so does the last
/// status of one that was not sent.
pub(super) fn settle(returned: &[(Delivery, Fate)], now: Timestamp) -> Statement<()> {
    let of = |each: fn(&(Delivery, Fate)) -> Uuid| returned.iter().map(each).collect::<Vec<_>>();
    let states: Vec<&'static str> = returned.iter().map(|(_, fate)| fate.state).collect();
    let attempts: Vec<i64> = returned.iter().map(|(_, fate)| fate.attempts).collect();
    let due: Vec<Timestamp> = returned.iter().map(|(_, fate)| fate.due_at).collect();
    let statuses: Vec<i64> = returned.iter().map(|(_, fate)| fate.status.map_or(0, i64::from)).collect();
    Statement::new(
        "platform.settle_webhook_deliveries",
        "UPDATE platform.webhook_deliveries AS d
            SET state       = fate.state,
                attempts    = fate.attempts,
                due_at      = fate.due_at,
                last_status = CASE WHEN fate.attempts > d.attempts THEN NULLIF(fate.status, 0) ELSE d.last_status END,
                finished_at = CASE WHEN fate.state <> 'waiting' THEN $7 END,
                updated_at  = $7
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bigint[])
                AS fate (clinic_id, id, state, attempts, due_at, status)
          WHERE d.clinic_id = fate.clinic_id
            AND d.id = fate.id
            AND d.state = 'waiting'",
    )
    .bind(of(|(delivery, _)| delivery.place.clinic))
    .bind(of(|(delivery, _)| delivery.id))
    .bind(states)
    .bind(attempts)
    .bind(due)
    .bind(statuses)
    .bind(now)
}

/// Deletes deliveries that ended long ago, a thousand at a time.
pub(super) fn delete_old_deliveries(now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.delete_old_webhook_deliveries",
        "DELETE FROM platform.webhook_deliveries AS d
          USING (SELECT clinic_id, id
                   FROM platform.webhook_deliveries
                  WHERE finished_at < $1
                  ORDER BY finished_at
                  LIMIT 1000) AS old
          WHERE d.clinic_id = old.clinic_id
            AND d.id = old.id",
    )
    .bind(now - RETENTION)
}

/// Deletes secrets that sign no more, likewise.
pub(super) fn delete_old_secrets(now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.delete_old_webhook_secrets",
        "DELETE FROM platform.webhook_secrets AS s
          USING (SELECT clinic_id, id
                   FROM platform.webhook_secrets
                  WHERE expires_at < $1
                  ORDER BY expires_at
                  LIMIT 1000) AS old
          WHERE s.clinic_id = old.clinic_id
            AND s.id = old.id",
    )
    .bind(now)
}
