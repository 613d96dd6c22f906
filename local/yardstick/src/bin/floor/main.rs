//! The floor: Grafono's jobs by hand, on its schema and with its guarantees, without any layer between.
//!
//! One process does all three jobs. `FLOOR_WITHOUT` names the extras that are left out, separated by commas, so that
//! the difference tells what one costs; see [`EXTRAS`]. Without `tenant`, the database's user must be one to whom
//! row-level security does not apply.

mod database;
mod event;
mod pay;
mod read;
mod statements;
mod token;

use database::Database;
use event::{Event, Reply};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::clock::{Clock as _, SystemClock};
use std::io::Write as _;
use std::time::Duration;
use token::Verifier;
use uuid::Uuid;

/// What can be left out: the token's signature, the tenant's setting, the question whether the session is open, what is
/// counted against the limit of requests, the time limits, the idempotency key with its stored reply, reading the stored
/// reply back, audit and outbox, the log line.
const EXTRAS: [&str; 9] =
    ["token", "tenant", "session", "take", "limits", "key", "read-back", "records", "log"];

/// What the process keeps.
struct Floor {
    without: Vec<String>,
    verifier: Verifier,
    database: Database,
}

/// One request past its token.
struct Call<'a> {
    floor: &'a Floor,
    event: &'a Event,
    caller: token::Caller,
    clinic: Uuid,
    now: jiff::Timestamp,
    left: Duration,
}

impl Floor {
    fn has(&self, extra: &str) -> bool {
        !self.without.iter().any(|left_out| left_out == extra)
    }

    async fn answer(&self, event: LambdaEvent<Event>) -> Result<Reply, Error> {
        let (event, context) = event.into_parts();
        let now = SystemClock.now();
        let end = jiff::Timestamp::from_millisecond(i64::try_from(context.deadline)?)?;
        let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
        let reply = match self.verifier.caller(&event, now, self.has("token")) {
            None => Reply::problem(401, "TOKEN_INVALID"),
            Some((caller, clinic)) => {
                let call = Call { floor: self, event: &event, caller, clinic, now, left };
                match (event.request_context.http.method.as_str(), event.raw_path.as_str()) {
                    ("POST", "/api/v1/transactions") => pay::answer(&call).await?,
                    ("GET", "/api/v1/patients") => read::list(&call).await?,
                    ("GET", path) => read::get(&call, path).await?,
                    _ => Reply::problem(404, "ROUTE_NOT_FOUND"),
                }
            }
        };
        if self.has("log") {
            log(&event, &reply, now)?;
        }
        Ok(reply)
    }
}

fn log(event: &Event, reply: &Reply, began: jiff::Timestamp) -> Result<(), Error> {
    let now = SystemClock.now();
    let line = serde_json::json!({
        "timestamp": now, "level": "INFO", "event": "request", "requestId": event.request_context.request_id,
        "method": event.request_context.http.method, "path": event.raw_path, "status": reply.status_code,
        "durationMs": now.duration_since(began).as_millis(),
    });
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, &line)?;
    Ok(output.write_all(b"\n")?)
}

#[expect(clippy::disallowed_methods, reason = "the one reading of the environment")]
fn variable(key: &str) -> Result<String, Error> {
    std::env::var(key).map_err(|_| Error::from(format!("{key} is missing")))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let without = variable("FLOOR_WITHOUT").unwrap_or_default();
    let without: Vec<String> = without.split_terminator(',').map(str::to_owned).collect();
    if let Some(unknown) = without.iter().find(|extra| !EXTRAS.contains(&extra.as_str())) {
        return Err(format!("FLOOR_WITHOUT: there is no {unknown}").into());
    }
    let floor = Floor {
        without,
        verifier: Verifier::new(&variable("TOKEN_PUBLIC_KEYS")?)?,
        database: Database::connect(variable("DATABASE_URL")?).await?,
    };
    let floor = &floor;
    lambda_runtime::run(service_fn(move |event| floor.answer(event))).await
}
