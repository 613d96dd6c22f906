use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// The clinics that are listed at once.
pub(super) const BATCH: i64 = 100;

/// The patients of a seal.
const PARTS: i64 = 200;

/// The entries of a part: the table refuses more.
const ENTRIES: i64 = 500;

/// A clinic that has something to seal.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) clinic: Uuid,
    /// Whether all its patients are looked at, and not only those with entries behind the horizon.
    pub(super) is_whole: bool,
}

/// A seal that was made.
#[derive(Debug)]
pub(super) struct Seal {
    pub(super) number: i64,
    pub(super) entries: i64,
    /// In hexadecimal digits.
    pub(super) hash: String,
}

/// Clinics with entries that are not sealed, behind that one: all that the sealer's own role can tell. From clinic to
/// clinic it goes by the index. A clinic rests for half a minute after a seal that left nothing over, so that one run
/// makes one seal of what is booked meanwhile. All places are compared until the first seal that leaves nothing over,
/// and at the clinic's minute of the day. That nothing is later than infinity has the planner expect few rows, and
/// take the index by time.
pub(super) fn due(after: Uuid, now: Timestamp) -> Statement<Due> {
    Statement::new(
        "billing.clinics_to_seal",
        "WITH RECURSIVE clinics AS (
             (SELECT b.clinic_id FROM billing.balances AS b WHERE b.clinic_id > $1 ORDER BY b.clinic_id LIMIT 1)
             UNION ALL
             SELECT next.clinic_id
               FROM clinics AS c
              CROSS JOIN LATERAL (
                    SELECT b.clinic_id FROM billing.balances AS b WHERE b.clinic_id > c.clinic_id
                     ORDER BY b.clinic_id LIMIT 1) AS next
         )
         SELECT c.clinic_id, found.is_whole
           FROM clinics AS c
          CROSS JOIN LATERAL (
                SELECT max(s.horizon) AS horizon,
                       NOT COALESCE(max(s.created_at) > $2::timestamptz - interval '30 seconds'
                                    AND max(s.horizon) >= max(s.created_at) - interval '1 hour', false) AS is_due
                  FROM (SELECT l.horizon, l.created_at
                          FROM billing.ledger_seals AS l
                         WHERE l.clinic_id = c.clinic_id
                         ORDER BY l.number DESC
                         LIMIT 1) AS s) AS last
          CROSS JOIN LATERAL (
                (SELECT false AS is_whole
                   FROM billing.transfers AS t
                  CROSS JOIN LATERAL (
                        SELECT COALESCE(max(p.last_seq), 0) AS seq
                          FROM billing.ledger_seal_parts AS p
                         WHERE p.clinic_id = t.clinic_id
                           AND p.patient_id = t.patient_id) AS sealed
                  WHERE last.is_due
                    AND t.clinic_id = c.clinic_id
                    AND t.created_at > last.horizon
                    AND t.created_at <= 'infinity'
                    AND t.seq > sealed.seq
                  LIMIT 1)
                UNION ALL
                (SELECT true
                   FROM billing.balances AS b
                  CROSS JOIN LATERAL (
                        SELECT COALESCE(max(p.last_seq), 0) AS seq
                          FROM billing.ledger_seal_parts AS p
                         WHERE p.clinic_id = b.clinic_id
                           AND p.patient_id = b.patient_id) AS sealed
                  WHERE last.is_due
                    AND (last.horizon IS NULL
                         OR (get_byte(uuid_send(c.clinic_id), 14) * 256 + get_byte(uuid_send(c.clinic_id), 15)) % 1440
                            = floor(extract(epoch FROM $2::timestamptz) / 60)::bigint % 1440)
                    AND b.clinic_id = c.clinic_id
                    AND b.seq > sealed.seq
                  LIMIT 1)
                LIMIT 1) AS found
          LIMIT $3",
    )
    .bind(after)
    .bind(now)
    .bind(BATCH)
    .decode(|columns| Ok(Due { clinic: columns.get("clinic_id")?, is_whole: columns.get("is_whole")? }))
}

/// From here to the end of the transaction the sealer is `billing`, whose policies show one clinic.
pub(super) fn become_billing() -> Statement<()> {
    Statement::new("billing.sealer_becomes_billing", "SELECT set_config('role', 'billing', true) AS role")
}

/// Makes the clinic's next seal, over what one snapshot shows. An entry's place is given under the lock of its
/// balance, so a place is there only when all before it are; whatever broke that, no part goes past a place that is
/// missing. Where nothing can be sealed there is no seal, and no row.
///
/// A sealer does not wait for another one of the clinic: while that one is at it, the lock is not had; once that one
/// has committed, the number is taken. An entry's text is of what JSON writes alike under all settings of a session;
/// `payer` is left out, as a person may have it erased.
pub(super) fn seal(due: &Due, now: Timestamp) -> Statement<Seal> {
    let statement = seal_statement().bind(due.clinic).bind(due.is_whole).bind(now).bind(PARTS).bind(ENTRIES);
    statement.decode(|columns| {
        Ok(Seal {
            number: columns.get("number")?,
            entries: columns.get("entries")?,
            hash: columns.get("hash")?,
        })
    })
}

/// Clinic, whether all patients are looked at, now, how many parts and how many entries of each.
fn seal_statement() -> Statement<()> {
    Statement::new(
        "billing.seal_ledger",
        "WITH last AS MATERIALIZED (
             SELECT number, hash, horizon FROM billing.ledger_seals WHERE clinic_id = $1 ORDER BY number DESC LIMIT 1
         ), head AS MATERIALIZED (
             SELECT COALESCE(max(number), 0) + 1 AS number, max(horizon) AS horizon,
                    COALESCE((SELECT hash FROM last), sha256(uuid_send($1))) AS previous_hash FROM last
         ), stirred AS MATERIALIZED (
             SELECT patient_id FROM billing.transfers
              WHERE clinic_id = $1 AND created_at > (SELECT horizon FROM head) AND created_at <= 'infinity'
             UNION
             SELECT patient_id FROM billing.balances WHERE clinic_id = $1 AND (SELECT $2 OR horizon IS NULL FROM head)
         ), due AS MATERIALIZED (
             SELECT s.patient_id, sealed.seq AS sealed_seq FROM stirred AS s
              CROSS JOIN LATERAL (SELECT COALESCE(max(last_seq), 0) AS seq FROM billing.ledger_seal_parts
                                   WHERE clinic_id = $1 AND patient_id = s.patient_id) AS sealed
              CROSS JOIN LATERAL (SELECT t.seq FROM billing.transfers AS t
                                   WHERE t.clinic_id = $1 AND t.patient_id = s.patient_id AND t.seq = sealed.seq + 1
                                   LIMIT 1) AS next
              ORDER BY s.patient_id LIMIT $4 + 1
         ), entries AS MATERIALIZED (
             SELECT d.patient_id, t.seq, t.place, t.hash
               FROM (SELECT patient_id, sealed_seq FROM due ORDER BY patient_id LIMIT $4) AS d
              CROSS JOIN LATERAL (
                    SELECT e.seq, row_number() OVER (ORDER BY e.seq) AS place, sha256(convert_to(jsonb_build_array(
                               e.clinic_id, e.patient_id, e.seq, e.id, e.kind, e.debit_account, e.credit_account,
                               e.amount_minor, e.currency, e.method, e.description, e.source, e.source_id,
                               e.reverses_id, e.balance_after_minor, e.occurred_on,
                               (extract(epoch FROM e.created_at) * 1000000)::bigint)::text, 'UTF8')) AS hash
                      FROM billing.transfers AS e
                     WHERE e.clinic_id = $1 AND e.patient_id = d.patient_id AND e.seq > d.sealed_seq
                     ORDER BY e.seq LIMIT $5 + 1) AS t
              WHERE t.seq = d.sealed_seq + t.place
         ), parts AS MATERIALIZED (
             SELECT patient_id, min(seq) AS first_seq, max(seq) FILTER (WHERE place <= $5) AS last_seq,
                    max(place) > $5 AS is_cut_off,
                    sha256(string_agg(hash, ''::bytea ORDER BY seq) FILTER (WHERE place <= $5)) AS hash
               FROM entries GROUP BY patient_id
         ), content AS MATERIALIZED (
             SELECT sum(last_seq - first_seq + 1)::bigint AS entries,
                    sha256(string_agg(hash, ''::bytea ORDER BY patient_id)) AS hash,
                    bool_or(is_cut_off) OR (SELECT count(*) > $4 FROM due) AS is_cut_off FROM parts
         ), sealed AS (
             INSERT INTO billing.ledger_seals
                    (clinic_id, number, entries, content_hash, previous_hash, hash, horizon, created_at)
             SELECT $1, h.number, c.entries, c.hash, h.previous_hash,
                    sha256(h.previous_hash || int8send(h.number) || int8send(c.entries)
                           || int8send((extract(epoch FROM $3::timestamptz) * 1000000)::bigint) || c.hash),
                    CASE WHEN c.is_cut_off THEN h.horizon ELSE GREATEST(h.horizon, $3 - interval '1 hour') END, $3
               FROM head AS h CROSS JOIN content AS c
              WHERE c.entries > 0 AND pg_try_advisory_xact_lock(hashtextextended('billing.seal_ledger ' || $1::text, 0))
             ON CONFLICT (clinic_id, number) DO NOTHING RETURNING number, entries, hash
         ), noted AS (
             INSERT INTO billing.ledger_seal_parts
                    (clinic_id, patient_id, first_seq, last_seq, seal_number, hash, created_at)
             SELECT $1, p.patient_id, p.first_seq, p.last_seq, s.number, p.hash, $3
               FROM parts AS p CROSS JOIN sealed AS s
         )
         SELECT number, entries, encode(hash, 'hex') AS hash FROM sealed",
    )
}
