//! The race of the flush alone, with a claim given as text. The product has no switch for a wrong claim, so what it
//! sends is sent here by hand: with its own claim, and with the one that is wrong.

use crate::race;
use crate::tally::Tally;
use crate::worker::{self, KEYS, Outcome, Reply, key};
use serde::{Deserialize, Serialize};
use shared::clock::{Clock as _, Ids as _, SystemClock, SystemIds};
use shared::database::Claim;
use shared::database::claim::{self, CLAIMED_ONCE, RETENTION};
use shared::http::Route;
use shared::http::idempotency::fingerprint;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use testkit::TestDatabase;
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, NoTls, Row};
use uuid::Uuid;

const SETTINGS: &str =
    "SELECT set_config('app.clinic_id', $1, true), set_config('lock_timeout', '2000', true)";

const FORGET_IF_EXPIRED: &str = "DELETE FROM kernel.idempotency_keys
    WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3 AND expires_at <= $4";

const EFFECT: &str = "WITH effect AS (INSERT INTO race.effects (key) VALUES ($1) RETURNING id)
    SELECT set_config('app.reply', jsonb_build_object('effect', id)::text, true) FROM effect";

const STORE: &str = "UPDATE kernel.idempotency_keys SET reply = current_setting('app.reply')::jsonb
    WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3";

const STORED: &str = "SELECT reply::text FROM kernel.idempotency_keys
    WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3";

/// A table of the test's own for the effects; nothing in it keeps an effect from being written twice.
const EFFECTS: &str = "CREATE SCHEMA race;
    CREATE TABLE race.effects (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL);
    GRANT USAGE ON SCHEMA race TO billing;
    GRANT INSERT, SELECT ON race.effects TO billing";

/// Where to send the flush, for whom, and the claim in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    url: String,
    clinic: Uuid,
    caller: Uuid,
    claim: String,
}

/// A process's one connection.
pub(crate) struct Sender<'a> {
    client: Client,
    job: &'a Job,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);
type TestResponse = Result<Vec<Row>, Error>;

impl<'a> Sender<'a> {
    pub(crate) async fn connect(job: &'a Job) -> Self {
        let (client, connection) = tokio_postgres::connect(&job.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { client, job }
    }

    pub(crate) async fn send(&self, number: usize) -> Reply {
        let (key, now) = (key(number), SystemClock.now());
        let (clinic, until) = (self.job.clinic.to_string(), now + RETENTION);
        let fingerprint = fingerprint(&Route::post("/race"), None, &key.as_str().into());
        let settings: [Parameter<'_>; 1] = [(&clinic, Type::TEXT)];
        // What a key belongs to, and is claimed with.
        let owner: [Parameter<'_>; 3] =
            [(&self.job.clinic, Type::UUID), (&self.job.caller, Type::UUID), (&key, Type::TEXT)];
        let expired = [&owner[..], &[(&now, Type::TIMESTAMPTZ)]].concat();
        let claimed: [Parameter<'_>; 3] =
            [(&fingerprint, Type::BYTEA), (&until, Type::TIMESTAMPTZ), (&now, Type::TIMESTAMPTZ)];
        let claim = [&owner[..], &claimed].concat();
        let steps: [(&str, &[Parameter<'_>]); 11] = [
            ("BEGIN", &[]),
            (SETTINGS, &settings),
            (FORGET_IF_EXPIRED, &expired),
            (&self.job.claim, &claim),
            (EFFECT, &owner[2..]),
            (STORE, &owner),
            ("COMMIT", &[]),
            ("BEGIN", &[]),
            (SETTINGS, &settings),
            (STORED, &owner),
            ("COMMIT", &[]),
        ];
        reply(&one_flush(&self.client, &steps).await)
    }
}

/// Polls every statement once, in order, before it waits for any: all go out together.
async fn one_flush(client: &Client, steps: &[(&str, &[Parameter<'_>])]) -> Vec<TestResponse> {
    let mut answers: Vec<Option<TestResponse>> = steps.iter().map(|_| None).collect();
    let mut running: Vec<Pin<Box<dyn Future<Output = TestResponse> + '_>>> =
        steps.iter().map(|(sql, parameters)| Box::pin(client.query_typed(sql, parameters)) as _).collect();
    poll_fn(|context| {
        for (future, answer) in running.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// The first real error decides; what follows it is only refused for being in a failed transaction.
fn reply(answers: &[TestResponse]) -> Reply {
    let error = answers.iter().find_map(|answer| answer.as_ref().err());
    let violated = error.and_then(Error::as_db_error).and_then(|error| error.constraint());
    let outcome = match error.map(Error::code) {
        None => Outcome::First,
        Some(Some(&SqlState::UNIQUE_VIOLATION)) if violated == Some(CLAIMED_ONCE) => Outcome::Replayed,
        Some(Some(&SqlState::LOCK_NOT_AVAILABLE)) => Outcome::InFlight,
        Some(_) => Outcome::Other,
    };
    let stored = answers.iter().rev().nth(1).and_then(|answer| answer.as_ref().ok());
    let stored = stored.and_then(|rows| rows.first()?.get::<_, Option<String>>(0));
    Reply {
        text: match (outcome, stored) {
            (Outcome::First | Outcome::Replayed, Some(stored)) => stored,
            _ => format!("{error:?}"),
        },
        outcome,
    }
}

/// Runs the race with that claim; how many effects there are, and what the processes were told.
fn race_of(claim: String, runtime: &Runtime) -> Result<(usize, Tally), String> {
    let now = SystemClock.now();
    let (database, job) = runtime.block_on(async {
        let database = TestDatabase::clone_template().await;
        database.run(EFFECTS).await;
        let job = Job {
            url: database.function_url("billing"),
            clinic: SystemIds.new_id(now),
            caller: SystemIds.new_id(now),
            claim,
        };
        (database, job)
    });
    let tally = Tally::of(&race::run(&worker::Job::Flush(job))?);
    let effects = runtime.block_on(database.value("SELECT count(*) FROM race.effects"));
    Ok((effects.parse().unwrap(), tally))
}

/// The claim as the product sends it.
fn product_claim() -> &'static str {
    let any = Claim {
        clinic: Uuid::nil(),
        caller: Uuid::nil(),
        key: String::new(),
        fingerprint: Vec::new(),
        at: SystemClock.now(),
    };
    claim::claim(&any).sql()
}

pub(crate) fn six_processes_with_the_products_claim_make_a_thousand_effects(
    runtime: &Runtime,
) -> Result<String, String> {
    let (effects, tally) = race_of(product_claim().to_owned(), runtime)?;
    if effects != KEYS {
        return Err(tally.not(&format!("{KEYS} effects, found {effects}")));
    }
    tally.one_effect_a_key()?;
    Ok(format!("{effects} effects; {tally}"))
}

/// Had this one the right number of effects too, the other two would prove nothing.
pub(crate) fn six_processes_with_a_claim_on_conflict_do_nothing_make_too_many_effects(
    runtime: &Runtime,
) -> Result<String, String> {
    let claim = format!("{} ON CONFLICT DO NOTHING", product_claim());
    let (effects, tally) = race_of(claim, runtime)?;
    // Each of them belongs to a reply that says so: the surplus is no accident of the test's own.
    if effects <= KEYS || effects != tally.firsts {
        return Err(tally.not(&format!("more than {KEYS} effects, found {effects}")));
    }
    tally.is_a_race()?;
    Ok(format!("{effects} effects; {tally}"))
}
