//! A transaction in one flush, by hand.

use crate::Call;
use futures_util::future::join_all;
use lambda_runtime::Error;
use shared::access::{half_hash, random};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

pub(crate) type Rows = Result<Vec<Row>, tokio_postgres::Error>;

/// SQL with its typed parameters; none for BEGIN and COMMIT.
pub(crate) struct Step<'a>(&'static str, Option<Vec<(&'a (dyn ToSql + Sync), Type)>>);

impl<'a> Step<'a> {
    pub(crate) fn control(sql: &'static str) -> Self {
        Self(sql, None)
    }

    pub(crate) fn query<const N: usize>(
        sql: &'static str,
        parameters: [(&'a (dyn ToSql + Sync), Type); N],
    ) -> Self {
        Self(sql, Some(Vec::from(parameters)))
    }

    pub(crate) fn is_commit(&self) -> bool {
        self.0 == "COMMIT"
    }
}

/// One connection, opened before the first event and again when it is lost.
pub(crate) struct Database {
    url: String,
    client: Mutex<Option<Arc<Client>>>,
}

impl Database {
    pub(crate) async fn connect(url: String) -> Result<Self, Error> {
        let client = open(&url).await?;
        Ok(Self { url, client: Mutex::new(Some(client)) })
    }

    async fn client(&self) -> Result<Arc<Client>, Error> {
        let held = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = held.filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        let client = open(&self.url).await?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Sends all steps together: `join_all` polls them in their order, and each first poll queues a message.
    pub(crate) async fn flush(&self, steps: &[Step<'_>]) -> Result<Vec<Rows>, Error> {
        let client = self.client().await?;
        Ok(join_all(steps.iter().map(|step| run(&client, step))).await)
    }
}

async fn open(url: &str) -> Result<Arc<Client>, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(Arc::new(client))
}

async fn run(client: &Client, Step(sql, parameters): &Step<'_>) -> Rows {
    match parameters {
        None => client.batch_execute(sql).await.map(|()| Vec::new()),
        Some(parameters) => client.query_typed(sql, parameters).await,
    }
}

/// The values of the transaction-local settings, and of whom the transaction is for.
pub(crate) struct Settings {
    clinic: String,
    lock: String,
    statement: String,
    transaction: String,
    bucket: String,
    is_told: bool,
}

/// How many requests one telling of the limit stands for, and how wide the limit is.
const TOLD: (i32, f64, i32) = (4, 0.000_2, 300_000);

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Self {
        let left = u64::try_from(call.left.as_millis()).unwrap_or(u64::MAX);
        Self {
            clinic: call.clinic.to_string(),
            lock: left.min(2_000).to_string(),
            statement: left.saturating_sub(400).max(2).to_string(),
            transaction: left.saturating_sub(300).max(3).to_string(),
            bucket: format!("user:{}", half_hash(&format!("{}/{}", call.clinic, call.caller.sub))),
            is_told: random::number().is_multiple_of(4),
        }
    }

    /// What is counted against the limit, before BEGIN: one request in four, as four.
    pub(crate) fn take<'a>(&'a self, call: &'a Call<'_>) -> Option<Step<'a>> {
        (call.floor.has("take") && self.is_told).then(|| {
            let (forced, every, burst) = &TOLD;
            Step::query(
                "SELECT granted, remaining, wait FROM kernel.take($1, $2, 0, $3, $4, $5)",
                [
                    (&self.bucket, Type::TEXT),
                    (forced, Type::INT4),
                    (every, Type::FLOAT8),
                    (burst, Type::INT4),
                    (&call.now, Type::TIMESTAMPTZ),
                ],
            )
        })
    }

    /// Tenant, limits and admission, less what is left out.
    pub(crate) fn step<'a>(&'a self, call: &'a Call<'_>) -> Option<Step<'a>> {
        static SQL: OnceLock<String> = OnceLock::new();
        let mut columns: Vec<String> = Vec::new();
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = Vec::new();
        if call.floor.has("tenant") {
            values.push((&self.clinic, Type::TEXT));
            columns.push("set_config('app.clinic_id', $1, true)".to_owned());
        }
        if call.floor.has("limits") {
            let first = values.len() + 1;
            values.extend([
                (&self.lock as &(dyn ToSql + Sync), Type::TEXT),
                (&self.statement, Type::TEXT),
                (&self.transaction, Type::TEXT),
            ]);
            columns.push(format!(
                "set_config('lock_timeout', ${first}, true), set_config('statement_timeout', ${}, true),
                 set_config('transaction_timeout', '0', true), set_config('transaction_timeout', ${last}, true),
                 set_config('idle_in_transaction_session_timeout', ${last}, true)",
                first + 1,
                last = first + 2
            ));
        }
        if call.floor.has("session") {
            let first = values.len() + 1;
            values.extend([
                (&call.clinic as &(dyn ToSql + Sync), Type::UUID),
                (&call.caller.sub, Type::UUID),
                (&call.caller.sid, Type::UUID),
                (&call.caller.ver, Type::INT8),
                (&call.now, Type::TIMESTAMPTZ),
            ]);
            let places: Vec<String> = (first..first + 5).map(|place| format!("${place}")).collect();
            columns.push(format!("kernel.admit({})", places.join(", ")));
        }
        // What is left out is the same for the whole process.
        let sql = SQL.get_or_init(|| format!("SELECT {}", columns.join(", ")));
        (!values.is_empty()).then_some(Step(sql, Some(values)))
    }
}
