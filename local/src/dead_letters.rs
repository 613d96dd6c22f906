//! `dead-letters`: events that a consumer failed at too often, for whoever is on call.
//!
//! All dead letters end in `kernel.dead_letters`. On one machine the relay puts them there. On AWS a consumer's queue
//! hands them to a queue of dead letters, from which this command fetches them first when `QUEUE_URL_PREFIX` is given.

use crate::arguments::{DeadLetterOptions, DeadLettersAction};
use crate::data::Data;
use crate::database::{NAME, connect};
use crate::error::Error;
use aws_sdk_sqs::Client as Queues;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Config, Credentials, Region};
use futures_util::future::try_join_all;
use postgres_cluster::Cluster;
use shared::external::AwsConnector;
use shared::outbox::Event;
use shared::settings::{BadSettings, SettingError};
use std::io::Write as _;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// The reason in the table for an event that a queue gave up.
const GIVEN_UP: &str = "given up by its function; its log says why";

/// What asking a queue once may take, a second of waiting for messages included.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// Does what the command line says.
pub async fn run(action: DeadLettersAction) -> Result<(), Error> {
    match action {
        DeadLettersAction::List { options } => list(&open(options).await?).await,
        DeadLettersAction::Replay { options, consumer, event } => {
            let changed = "UPDATE kernel.dead_letters
                              SET replay_at = now(), updated_at = now()
                            WHERE consumer = $1
                              AND ($2 IS NULL OR event_id = $2)
                           RETURNING event_id";
            let client = open(options).await?;
            let rows = ask(&client, changed, &consumer, event).await?;
            say(&format!("{} to be sent again within a minute\n", rows.len()))
        }
        DeadLettersAction::Drop { options, consumer, event } => {
            // The event is noted as taken, so that the events behind it may go on. The relay's role may write the inbox
            // and not read it; naming the conflicting columns would be reading.
            let changed = "WITH dropped AS (
                               DELETE FROM kernel.dead_letters
                                WHERE consumer = $1
                                  AND event_id = $2
                               RETURNING consumer, event_id, clinic_id)
                           INSERT INTO kernel.inbox (consumer, event_id, clinic_id, created_at, updated_at)
                           SELECT consumer, event_id, clinic_id, now(), now()
                             FROM dropped
                           ON CONFLICT DO NOTHING";
            let client = open(options).await?;
            ask(&client, changed, &consumer, Some(event)).await?;
            say("dropped\n")
        }
    }
}

async fn ask(client: &Client, sql: &str, consumer: &str, event: Option<Uuid>) -> Result<Vec<Row>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&consumer, Type::TEXT), (&event, Type::UUID)];
    client.query_typed(sql, &parameters).await.map_err(Error::database("change dead letters"))
}

/// The database under the relay's role; the dead letters of the queues are in the table by then.
async fn open(options: DeadLetterOptions) -> Result<Client, Error> {
    let client = if let Some(url) = options.database_url {
        connect(&url).await?
    } else {
        let folder = Data::open(options.data)?.folder;
        let url = Cluster::address(&folder.join("postgres"), "relay", NAME)?;
        connect(&url).await.map_err(|_| Error::NotRunning(folder))?
    };
    client.batch_execute("SET ROLE relay").await.map_err(Error::database("take the role relay"))?;
    if let Some(prefix) = options.queue_url_prefix {
        let queues = queues()?;
        // All at once: each is waited for, and who has many consumers waits no longer than who has one.
        let consumers = crate::modules().into_iter().flat_map(|module| module.consumers);
        let collecting = consumers.map(|consumer| collect(&client, &queues, &prefix, consumer.name));
        try_join_all(collecting).await?;
    }
    Ok(client)
}

/// A client of SQS, by the same variables as on Lambda.
fn queues() -> Result<Queues, Error> {
    let given = |key| variable(key).filter(|value| !value.is_empty());
    let required = |key| given(key).ok_or_else(|| BadSettings(vec![(key, SettingError::Missing)]));
    let (id, key) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(id, key, given("AWS_SESSION_TOKEN"), None, "environment");
    let region = Region::new(required("AWS_REGION")?);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(QUEUE_TIMEOUT).build();
    let mut config = Config::builder()
        .http_client(AwsConnector::open()?)
        .region(region)
        .credentials_provider(credentials)
        .timeout_config(timeouts);
    if let Some(address) = given("AWS_ENDPOINT_URL_SQS").or_else(|| given("AWS_ENDPOINT_URL")) {
        config = config.endpoint_url(address);
    }
    Ok(Queues::from_conf(config.build()))
}

#[expect(clippy::disallowed_methods, reason = "the command's one reading of the environment")]
fn variable(key: &'static str) -> Option<String> {
    std::env::var(key).ok()
}

/// Moves a consumer's dead letters from its queue into the table. A message is deleted once its row is there.
async fn collect(client: &Client, queues: &Queues, prefix: &str, consumer: &str) -> Result<(), Error> {
    let address = format!("{prefix}{consumer}-dead.fifo");
    loop {
        // Without waiting, SQS asks only some of its servers and may say that there is nothing.
        let request =
            queues.receive_message().queue_url(&address).max_number_of_messages(10).wait_time_seconds(1);
        let received = request.send().await.map_err(|_| Error::Queue(address.clone()))?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(());
        }
        for message in messages {
            let Ok(event) = serde_json::from_str(message.body.as_deref().unwrap_or_default()) else {
                let id = message.message_id.unwrap_or_default();
                say(&format!("a message that is no event stays in {address}: {id}\n"))?;
                continue;
            };
            keep(client, consumer, &event).await?;
            let handle = message.receipt_handle.unwrap_or_default();
            let deletion = queues.delete_message().queue_url(&address).receipt_handle(handle);
            deletion.send().await.map_err(|_| Error::Queue(address.clone()))?;
        }
    }
}

async fn keep(client: &Client, consumer: &str, event: &Event) -> Result<(), Error> {
    let ids = serde_json::to_value(&event.ids)?;
    let parameters: [(&(dyn ToSql + Sync), Type); 11] = [
        (&consumer, Type::TEXT),
        (&event.id, Type::UUID),
        (&event.clinic_id, Type::UUID),
        (&event.aggregate, Type::TEXT),
        (&event.aggregate_id, Type::UUID),
        (&event.seq, Type::INT8),
        (&event.kind, Type::TEXT),
        (&ids, Type::JSONB),
        (&event.traceparent, Type::TEXT),
        (&event.created_at, Type::TIMESTAMPTZ),
        (&GIVEN_UP, Type::TEXT),
    ];
    let sql = "INSERT INTO kernel.dead_letters
                      (consumer, event_id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, announced_at,
                       reason, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now(), now())
               ON CONFLICT (consumer, event_id) DO UPDATE SET reason = $11, replay_at = NULL, updated_at = now()";
    client.query_typed(sql, &parameters).await.map_err(Error::database("keep a dead letter"))?;
    Ok(())
}

async fn list(client: &Client) -> Result<(), Error> {
    let sql = "SELECT consumer, event_id::text, kind, created_at::text, replays::text,
                      CASE WHEN replay_at IS NULL THEN '' ELSE 'on its way again; ' END || reason
                 FROM kernel.dead_letters
                ORDER BY consumer, clinic_id, aggregate_id, seq
                LIMIT 1000";
    let rows = client.query_typed(sql, &[]).await.map_err(Error::database("list dead letters"))?;
    let mut text = String::new();
    for row in &rows {
        let columns = (0..6).map(|column| row.try_get::<_, String>(column));
        let columns: Result<Vec<_>, _> = columns.collect();
        text.push_str(&columns.map_err(Error::database("list dead letters"))?.join("  "));
        text.push('\n');
    }
    if rows.is_empty() {
        text.push_str("there are no dead letters\n");
    }
    say(&text)
}

fn say(text: &str) -> Result<(), Error> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::Output)
}
