//! A transaction in one flush, by hand.

use crate::Call;
use futures_util::future::join_all;
use lambda_runtime::Error;
use std::sync::{Arc, Mutex, PoisonError};
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

/// The values of the transaction-local settings.
pub(crate) struct Settings {
    clinic: String,
    lock: String,
    statement: String,
    transaction: String,
}

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Self {
        let left = u64::try_from(call.left.as_millis()).unwrap_or(u64::MAX);
        Self {
            clinic: call.clinic.to_string(),
            lock: left.min(2_000).to_string(),
            statement: left.saturating_sub(400).max(2).to_string(),
            transaction: left.saturating_sub(300).max(3).to_string(),
        }
    }

    /// Tenant and limits, less what is left out.
    pub(crate) fn step(&self, call: &Call<'_>) -> Option<Step<'_>> {
        let (clinic, lock) = (&self.clinic as &(dyn ToSql + Sync), &self.lock as &(dyn ToSql + Sync));
        let (statement, transaction) = (&self.statement, &self.transaction);
        match (call.floor.has("tenant"), call.floor.has("limits")) {
            (true, true) => Some(Step::query(
                "SELECT set_config('app.clinic_id', $1, true),
                        set_config('lock_timeout', $2, true),
                        set_config('statement_timeout', $3, true),
                        set_config('transaction_timeout', '0', true),
                        set_config('transaction_timeout', $4, true),
                        set_config('idle_in_transaction_session_timeout', $4, true)",
                [
                    (clinic, Type::TEXT),
                    (lock, Type::TEXT),
                    (statement, Type::TEXT),
                    (transaction, Type::TEXT),
                ],
            )),
            (true, false) => {
                Some(Step::query("SELECT set_config('app.clinic_id', $1, true)", [(clinic, Type::TEXT)]))
            }
            (false, true) => Some(Step::query(
                "SELECT set_config('lock_timeout', $1, true),
                        set_config('statement_timeout', $2, true),
                        set_config('transaction_timeout', '0', true),
                        set_config('transaction_timeout', $3, true),
                        set_config('idle_in_transaction_session_timeout', $3, true)",
                [(lock, Type::TEXT), (statement, Type::TEXT), (transaction, Type::TEXT)],
            )),
            (false, false) => None,
        }
    }
}
