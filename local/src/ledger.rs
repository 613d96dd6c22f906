//! `ledger verify`: holds the ledger against its seals, from the database alone. How a hash is made is written out here once
//! more, as whoever verifies must not trust what has sealed.
//!
//! A clinic is looked at in one snapshot, so that nothing that is booked meanwhile looks like a fault, and in chunks, each of
//! which ends in time.

use crate::arguments::{Expected, LedgerAction};
use crate::database::connect_as_owner;
use crate::error::Error;
use jiff::{SignedDuration, Timestamp};
use shared::clock::{Clock as _, SystemClock};
use std::fmt::Write as _;
use std::io::Write as _;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// What is asked of the database, for whoever reads that it refused.
const ASKING: &str = "verify the ledger";

/// The rows of a chunk: a part has 500 entries at most.
const CHUNK: i64 = 200;

/// What was booked so long ago is sealed: each place is looked at once a day.
const SEALED_WITHIN: SignedDuration = SignedDuration::from_hours(25);

/// The seals behind a number, each held against the one before, its own columns and its parts.
const SEALS: &str = "
    SELECT s.number, s.entries, encode(s.hash, 'hex') AS hash, p.entries AS covered,
           s.previous_hash IS NOT DISTINCT FROM CASE s.number WHEN 1 THEN sha256(uuid_send(s.clinic_id)) ELSE (
               SELECT b.hash FROM billing.ledger_seals AS b WHERE b.clinic_id = s.clinic_id AND b.number = s.number - 1)
           END AS follows,
           s.hash = sha256(s.previous_hash || int8send(s.number) || int8send(s.entries)
                           || int8send((extract(epoch FROM s.created_at) * 1000000)::bigint) || s.content_hash) AS is_own,
           s.content_hash IS NOT DISTINCT FROM p.hash AS fits_parts
      FROM billing.ledger_seals AS s
     CROSS JOIN LATERAL (
           SELECT COALESCE(sum(last_seq - first_seq + 1), 0)::bigint AS entries,
                  sha256(string_agg(hash, ''::bytea ORDER BY patient_id)) AS hash
             FROM billing.ledger_seal_parts
            WHERE clinic_id = s.clinic_id
              AND seal_number = s.number) AS p
     WHERE s.clinic_id = $1
       AND s.number > $2
     ORDER BY s.number
     LIMIT $3";

/// The parts behind a patient's place, each held against the entries that it covers.
const PARTS: &str = "
    SELECT p.patient_id, p.first_seq, p.last_seq, p.seal_number, t.entries,
           p.hash IS NOT DISTINCT FROM t.hash AS fits,
           EXISTS (SELECT 1 FROM billing.ledger_seals AS s WHERE s.clinic_id = $1 AND s.number = p.seal_number) AS has_seal
      FROM billing.ledger_seal_parts AS p
     CROSS JOIN LATERAL (
           SELECT count(*) AS entries,
                  sha256(string_agg(sha256(convert_to(jsonb_build_array(
                      e.clinic_id, e.patient_id, e.seq, e.id, e.kind, e.debit_account, e.credit_account, e.amount_minor,
                      e.currency, e.method, e.description, e.source, e.source_id, e.reverses_id, e.balance_after_minor,
                      e.occurred_on, (extract(epoch FROM e.created_at) * 1000000)::bigint)::text, 'UTF8')),
                      ''::bytea ORDER BY e.seq)) AS hash
             FROM billing.transfers AS e
            WHERE e.clinic_id = $1
              AND e.patient_id = p.patient_id
              AND e.seq BETWEEN p.first_seq AND p.last_seq) AS t
     WHERE p.clinic_id = $1
       AND (p.patient_id, p.last_seq) > ($2, $3)
     ORDER BY p.patient_id, p.last_seq
     LIMIT $4";

/// The patients behind one, each with what its balance has counted and with its entries that are not sealed.
const PATIENTS: &str = "
    SELECT b.patient_id, b.seq AS counted, p.sealed, t.entries, t.last_seq, t.oldest_at,
           (SELECT count(*) FROM billing.transfers AS f
             WHERE f.clinic_id = $1 AND f.patient_id = b.patient_id AND f.seq < 1) AS before_first
      FROM billing.balances AS b
     CROSS JOIN LATERAL (
           SELECT COALESCE(max(last_seq), 0) AS sealed
             FROM billing.ledger_seal_parts
            WHERE clinic_id = $1
              AND patient_id = b.patient_id) AS p
     CROSS JOIN LATERAL (
           SELECT count(*) AS entries, COALESCE(max(e.seq), p.sealed) AS last_seq, min(e.created_at) AS oldest_at
             FROM billing.transfers AS e
            WHERE e.clinic_id = $1
              AND e.patient_id = b.patient_id
              AND e.seq > p.sealed) AS t
     WHERE b.clinic_id = $1
       AND b.patient_id > $2
     ORDER BY b.patient_id
     LIMIT $3";

/// Does what the command line says.
pub async fn run(action: LedgerAction) -> Result<(), Error> {
    let LedgerAction::Verify { clinic, all: _, expect, database_url, data } = action;
    let client = connect_as_owner(database_url, data).await?;
    let clinics = clinics(&client, clinic).await?;
    let (mut faults, mut sealed, mut seals) = (0, 0, 0);
    for id in &clinics {
        let checked = check(&client, *id, expect.as_ref()).await?;
        say(&checked)?;
        faults += checked.faults.len();
        (sealed, seals) = (sealed + checked.sealed, seals + checked.seals);
    }
    if faults > 0 {
        return Err(Error::Ledger(faults));
    }
    let text =
        format!("clinics: {}, seals: {seals}, sealed entries: {sealed}; everything fits\n", clinics.len());
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::Output)
}

/// The clinic that is given, or all of them.
async fn clinics(client: &Client, given: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT id FROM identity.clinics WHERE $1 IS NULL OR id = $1 ORDER BY id";
    let rows = client.query_typed(sql, &[(&given, Type::UUID)]).await.map_err(Error::database(ASKING))?;
    match given {
        Some(clinic) if rows.is_empty() => Err(Error::NoClinic(clinic)),
        _ => rows.iter().map(|row| get(row, "id")).collect(),
    }
}

/// What there is of a clinic, and what of it does not fit.
struct Checked {
    clinic: Uuid,
    seals: i64,
    /// Entries that parts cover and that are there.
    sealed: i64,
    /// Entries that are not sealed yet.
    waiting: i64,
    faults: Vec<String>,
}

impl Checked {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }
}

/// Looks at everything of a clinic, in one snapshot.
async fn check(client: &Client, clinic: Uuid, expect: Option<&Expected>) -> Result<Checked, Error> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '1min'; SET LOCAL jit = off";
    client.batch_execute(begin).await.map_err(Error::database(ASKING))?;
    let mut checked = Checked { clinic, seals: 0, sealed: 0, waiting: 0, faults: Vec::new() };
    seals(client, &mut checked, expect).await?;
    parts(client, &mut checked).await?;
    patients(client, &mut checked).await?;
    strays(client, &mut checked).await?;
    client.batch_execute("COMMIT").await.map_err(Error::database(ASKING))?;
    Ok(checked)
}

/// The chain: from 1 without a gap, each seal upon the one before, over its parts.
async fn seals(client: &Client, checked: &mut Checked, expect: Option<&Expected>) -> Result<(), Error> {
    let (mut last, mut is_expected_there) = (0_i64, false);
    loop {
        let rows = chunk(client, SEALS, &[(&checked.clinic, Type::UUID), (&last, Type::INT8)]).await?;
        for row in &rows {
            let (number, entries, covered): (i64, i64, i64) =
                (get(row, "number")?, get(row, "entries")?, get(row, "covered")?);
            if number != last + 1 {
                checked.fault(format!("seals {} to {} are missing", last + 1, number - 1));
            } else if !get::<bool>(row, "follows")? {
                checked.fault(format!("seal {number} does not follow from the one before"));
            }
            if !get::<bool>(row, "is_own")? {
                checked.fault(format!("seal {number} was changed: its hash is another"));
            }
            if !get::<bool>(row, "fits_parts")? || entries != covered {
                checked.fault(format!(
                    "seal {number} does not fit its parts: it has {entries} entries, they cover {covered}"
                ));
            }
            if let Some(expected) = expect.filter(|expected| expected.number == number) {
                is_expected_there = true;
                if get::<String>(row, "hash")? != expected.hash {
                    checked.fault(format!("seal {number} is another than the one that is expected"));
                }
            }
            (last, checked.seals) = (number, checked.seals + 1);
        }
        if is_last(&rows) {
            break;
        }
    }
    if let Some(expected) = expect.filter(|_| !is_expected_there) {
        checked.fault(format!("seal {} is expected, and there is none", expected.number));
    }
    Ok(())
}

/// The parts: of each patient from 1 without a gap, each over entries as they were.
async fn parts(client: &Client, checked: &mut Checked) -> Result<(), Error> {
    let mut place = (Uuid::nil(), 0_i64);
    loop {
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&checked.clinic, Type::UUID), (&place.0, Type::UUID), (&place.1, Type::INT8)];
        let rows = chunk(client, PARTS, &parameters).await?;
        for row in &rows {
            let patient: Uuid = get(row, "patient_id")?;
            let sealed = if patient == place.0 { place.1 } else { 0 };
            part(checked, row, patient, sealed)?;
            place = (patient, get(row, "last_seq")?);
        }
        if is_last(&rows) {
            return Ok(());
        }
    }
}

/// One part, behind the place up to which the patient's entries are sealed.
fn part(checked: &mut Checked, row: &Row, patient: Uuid, sealed: i64) -> Result<(), Error> {
    let (first, last, seal): (i64, i64, i64) =
        (get(row, "first_seq")?, get(row, "last_seq")?, get(row, "seal_number")?);
    let entries: i64 = get(row, "entries")?;
    let place = format!("patient {patient}, entries {first} to {last}, seal {seal}");
    if first != sealed + 1 {
        checked.fault(format!("{place}: the part before ends at {sealed}"));
    }
    if !get::<bool>(row, "has_seal")? {
        checked.fault(format!("{place}: the seal is missing"));
    }
    if entries != last - first + 1 {
        checked.fault(format!("{place}: {entries} of {} entries are there", last - first + 1));
    } else if !get::<bool>(row, "fits")? {
        checked.fault(format!("{place}: an entry was changed"));
    }
    checked.sealed += entries;
    Ok(())
}

/// The patients: their balances have counted what is there, and what is not sealed is new and without a gap.
async fn patients(client: &Client, checked: &mut Checked) -> Result<(), Error> {
    let mut last = Uuid::nil();
    loop {
        let rows = chunk(client, PATIENTS, &[(&checked.clinic, Type::UUID), (&last, Type::UUID)]).await?;
        for row in &rows {
            last = get(row, "patient_id")?;
            patient(checked, row, last)?;
        }
        if is_last(&rows) {
            return Ok(());
        }
    }
}

fn patient(checked: &mut Checked, row: &Row, patient: Uuid) -> Result<(), Error> {
    let (counted, sealed): (i64, i64) = (get(row, "counted")?, get(row, "sealed")?);
    let (entries, last): (i64, i64) = (get(row, "entries")?, get(row, "last_seq")?);
    let before_first: i64 = get(row, "before_first")?;
    let place = format!("patient {patient}, entries {} to {last}, not sealed", sealed + 1);
    if entries != last - sealed {
        checked.fault(format!("{place}: {entries} of {} entries are there", last - sealed));
    }
    if counted != last {
        checked.fault(format!(
            "patient {patient}: the balance has counted {counted} entries, the last one is {last}"
        ));
    }
    if before_first > 0 {
        checked.fault(format!("patient {patient}: {before_first} entries before the first one"));
    }
    let oldest: Option<Timestamp> = get(row, "oldest_at")?;
    if let Some(oldest) = oldest.filter(|oldest| *oldest < SystemClock.now() - SEALED_WITHIN) {
        checked.fault(format!("{place}: the oldest one is of {oldest}, and each day everything is sealed"));
    }
    checked.waiting += entries;
    Ok(())
}

/// Entries that no patient's account has. Where something else is missing or too much, the count says nothing.
async fn strays(client: &Client, checked: &mut Checked) -> Result<(), Error> {
    let sql = "SELECT count(*) AS entries FROM billing.transfers WHERE clinic_id = $1 LIMIT $2";
    let rows = chunk(client, sql, &[(&checked.clinic, Type::UUID)]).await?;
    let entries: i64 = rows.first().map_or(Ok(0), |row| get(row, "entries"))?;
    let known = checked.sealed + checked.waiting;
    if checked.faults.is_empty() && entries != known {
        checked.fault(format!("{entries} entries are there, and patients with a balance have {known}"));
    }
    Ok(())
}

/// Rows by a statement whose last parameter is their number.
async fn chunk(
    client: &Client,
    sql: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, Error> {
    let all = [parameters, &[(&CHUNK, Type::INT8)]].concat();
    client.query_typed(sql, &all).await.map_err(Error::database(ASKING))
}

fn is_last(rows: &[Row]) -> bool {
    i64::try_from(rows.len()).is_ok_and(|count| count < CHUNK)
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Error> {
    row.try_get(column).map_err(Error::database(ASKING))
}

/// A line for each fault, or one that says how much fits. A clinic without entries says nothing.
fn say(checked: &Checked) -> Result<(), Error> {
    let Checked { clinic, seals, sealed, waiting, faults } = checked;
    let mut text = String::new();
    for fault in faults {
        let _ = writeln!(text, "clinic {clinic}: {fault}");
    }
    if faults.is_empty() && seals + waiting > 0 {
        text = format!(
            "clinic {clinic}: seals: {seals}, sealed entries: {sealed}, not sealed yet: {waiting}; it fits\n"
        );
    }
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::Output)
}
