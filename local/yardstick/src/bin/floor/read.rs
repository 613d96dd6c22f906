//! `GET /api/v1/patients` and `GET /api/v1/patients/{id}`.

use crate::Call;
use crate::database::{Settings, Step};
use crate::event::Reply;
use jiff::Timestamp;
use jiff::civil::Date;
use lambda_runtime::Error;
use serde::Serialize;
use shared::http::Cursor;
use tokio_postgres::Row;
use tokio_postgres::types::{Timestamp as Instant, Type};
use uuid::Uuid;

const ROUTE: &str = "/api/v1/patients";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    id: Uuid,
    full_name: &'a str,
    birth_date: Option<Date>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    version: i64,
    created_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    success: bool,
    data: Vec<Item<'a>>,
    meta: Meta,
    error: (),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    page: u32,
    limit: usize,
    total: Option<i64>,
    total_is_lower_bound: bool,
    has_more: bool,
    next_cursor: Option<String>,
}

fn item(row: &Row) -> Result<Item<'_>, tokio_postgres::Error> {
    Ok(Item {
        id: row.try_get(0)?,
        full_name: row.try_get(1)?,
        birth_date: row.try_get(2)?,
        phone: row.try_get(3)?,
        email: row.try_get(4)?,
        version: row.try_get(5)?,
        created_at: row.try_get(6)?,
    })
}

/// `?limit=…&cursor=…`, in any order.
fn query(text: &str) -> Option<(usize, Option<Cursor>)> {
    let (mut limit, mut cursor) = (20, None);
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("limit", value) => limit = value.parse().ok().filter(|limit| (1..=100).contains(limit))?,
            ("cursor", value) => cursor = Some(Cursor::decode(value, ROUTE)?),
            _ => return None,
        }
    }
    Some((limit, cursor))
}

/// The rows of one statement in a transaction of its own.
async fn read(call: &Call<'_>, statement: Step<'_>) -> Result<Vec<Row>, Error> {
    let settings = Settings::of(call);
    let mut steps: Vec<_> = settings.take(call).into_iter().collect();
    steps.push(Step::control("BEGIN READ ONLY"));
    steps.extend(settings.step(call));
    let place = steps.len();
    steps.extend([statement, Step::control("COMMIT")]);
    let mut replies = call.floor.database.flush(&steps).await?;
    Ok(replies.swap_remove(place)?)
}

pub(crate) async fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let Some((limit, cursor)) = query(&call.event.raw_query_string) else {
        return Ok(Reply::problem(400, "VALIDATION_FAILED"));
    };
    let (at, id) =
        cursor.map_or((Instant::PosInfinity, Uuid::max()), |cursor| (Instant::Value(cursor.at), cursor.id));
    let count = i64::try_from(limit)? + 1;
    let statement = Step::query(
        "SELECT id, full_name, birth_date, phone, email, version, created_at
           FROM patients.patients
          WHERE clinic_id = $1
            AND (created_at, id) < ($2, $3)
            AND deleted_at IS NULL
          ORDER BY created_at DESC, id DESC
          LIMIT $4",
        [(&call.clinic, Type::UUID), (&at, Type::TIMESTAMPTZ), (&id, Type::UUID), (&count, Type::INT8)],
    );
    let rows = read(call, statement).await?;
    let data: Vec<Item<'_>> = rows.iter().take(limit).map(item).collect::<Result<_, _>>()?;
    let page = cursor.map_or(1, |cursor| cursor.page);
    let has_more = rows.len() > limit;
    let next = |last: &Item<'_>| Cursor { page: page + 1, at: last.created_at, id: last.id }.encode(ROUTE);
    let next_cursor = data.last().filter(|_| has_more).map(next);
    let meta = Meta { page, limit, total: None, total_is_lower_bound: false, has_more, next_cursor };
    let page = Page { success: true, data, meta, error: () };
    Ok(Reply::json(200, serde_json::to_string(&page)?))
}

pub(crate) async fn get(call: &Call<'_>, path: &str) -> Result<Reply, Error> {
    let id = path.strip_prefix("/api/v1/patients/").and_then(|id| Uuid::try_parse(id).ok());
    let Some(id) = id else { return Ok(Reply::problem(404, "ROUTE_NOT_FOUND")) };
    let statement = Step::query(
        "SELECT jsonb_build_object(
                    'id', id, 'fullName', full_name, 'birthDate', birth_date, 'phone', phone, 'email', email,
                    'document', document, 'notes', notes, 'version', version,
                    'createdAt', created_at, 'updatedAt', updated_at)::text
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND deleted_at IS NULL",
        [(&call.clinic, Type::UUID), (&id, Type::UUID)],
    );
    match read(call, statement).await?.first() {
        Some(row) => Ok(Reply::data(200, row.try_get(0)?)),
        None => Ok(Reply::problem(404, "PATIENT_NOT_FOUND")),
    }
}
