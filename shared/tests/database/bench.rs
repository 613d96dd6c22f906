//! What a test of the engine starts from: a database with a table for effects, and a pool of one connection to it.

use crate::sql;
use jiff::Timestamp;
use shared::access::token::new_key_pair;
use shared::access::{Role, TokenSigner};
use shared::clock::{Clock as _, Ids as _, SystemClock, SystemIds};
use shared::database::{Admission, Claim, Database, Done, RoundTrips, Scope, Statement, Tx};
use shared::deadline::Deadline;
use shared::failure::Fault;
use shared::http::Route;
use shared::http::idempotency::fingerprint;
use std::time::Duration;
use testkit::{Tenant, TestDatabase};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// Long enough for everything that is not about time.
pub(crate) const PLENTY: Duration = Duration::from_secs(10);

/// Effects are words in a table whose constraints are two: one of a known name, one deferred to COMMIT.
const EFFECTS: &str = "
    CREATE TABLE public.effects (
        word text NOT NULL,
        CONSTRAINT effects_word_allowed CHECK (word <> 'forbidden'),
        CONSTRAINT effects_word_short CHECK (char_length(word) < 20),
        CONSTRAINT effects_word_once UNIQUE (word) DEFERRABLE INITIALLY DEFERRED
    );
    CREATE FUNCTION public.fail(state text) RETURNS void LANGUAGE plpgsql
        AS $$BEGIN RAISE 'as it is told to' USING ERRCODE = state; END$$;
    GRANT EXECUTE ON FUNCTION public.fail(text) TO billing;
    GRANT USAGE ON SCHEMA public TO billing;
    GRANT SELECT, INSERT, UPDATE ON public.effects TO billing";

shared::failures! {
    /// How adding a word can fail.
    pub(crate) enum WordFailure {
        /// That word.
        Forbidden = 422 "WORD_FORBIDDEN", "Word forbidden", "Choose another word.",
            at "/word", violates ["effects_word_allowed"];
        /// It is there.
        Taken = 409 "WORD_TAKEN", "Word taken", "Choose another word.", violates ["effects_word_once"];
        /// The condition of the test.
        Unready = 409 "UNREADY", "Not ready", "Wait.", violates ["unready"];
    }
}

/// The table in a database.
pub(crate) async fn lay_out(database: &TestDatabase) {
    database.run(EFFECTS).await;
}

/// All effects, in order, and nothing else.
pub(crate) async fn effects(database: &TestDatabase) -> Vec<String> {
    let rows = database.rows("SELECT word FROM public.effects ORDER BY word").await;
    rows.into_iter().flatten().collect()
}

/// A session of its own, for what somebody else does at the same time.
pub(crate) async fn session(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until `sql` answers `expected`; ten seconds at most.
pub(crate) async fn until(database: &TestDatabase, sql: &str, expected: &str) {
    for _ in 0..200 {
        if database.value(sql).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{sql} never answered {expected}");
}

/// Ends the backend that runs a `pg_sleep` for the module, once there is one.
pub(crate) async fn kill_the_sleeper(database: &TestDatabase) {
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename = 'billing' AND wait_event = 'PgSleep'";
    until(database, kill, "1").await;
}

pub(crate) struct Bench {
    pub(crate) database: TestDatabase,
    pub(crate) pool: Database,
    pub(crate) round_trips: RoundTrips,
    pub(crate) clinic: Uuid,
    now: Timestamp,
}

impl Bench {
    /// A fresh database and a pool of one connection, not opened yet.
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::clone_template().await;
        lay_out(&database).await;
        let now = SystemClock.now();
        Self {
            pool: Database::at(&database.url("billing"), 1).unwrap(),
            database,
            round_trips: RoundTrips::default(),
            clinic: SystemIds.new_id(now),
            now,
        }
    }

    /// The same with the pool at another address.
    pub(crate) fn through(mut self, url: &str) -> Self {
        self.pool = Database::at(url, 1).unwrap();
        self
    }

    fn scope(&self) -> Scope {
        Scope { clinic: Some(self.clinic), ..Scope::default() }
    }

    pub(crate) fn reading(&self, left: Duration) -> Tx<'_> {
        Tx::reading(&self.pool, &self.round_trips, Deadline::within(left), self.scope())
    }

    /// A transaction whose caller is admitted in the message of the settings, as most are.
    pub(crate) async fn admitted(&self, left: Duration) -> Tx<'_> {
        let (keys, now) = (new_key_pair().unwrap(), SystemClock.now());
        let signer = TokenSigner::from_paserk(&keys.0, "https://app.example").unwrap();
        let tenant = Tenant::create(&self.database, &signer, "BRL", now).await;
        let owner = tenant.principal(Role::Owner);
        let caller =
            Admission { member: owner.user_id, session: owner.session_id, version: Some(1), at: now };
        let scope = Scope { clinic: Some(tenant.clinic), account: None, caller: Some(caller) };
        Tx::reading(&self.pool, &self.round_trips, Deadline::within(left), scope)
    }

    pub(crate) fn unscoped(&self) -> Tx<'_> {
        Tx::reading(&self.pool, &self.round_trips, Deadline::within(PLENTY), Scope::default())
    }

    pub(crate) fn writing(&self, left: Duration) -> Tx<'_> {
        Tx::writing(&self.pool, &self.round_trips, Deadline::within(left), self.scope(), None)
    }

    pub(crate) fn keyed(&self, key: &str) -> Tx<'_> {
        Tx::writing(
            &self.pool,
            &self.round_trips,
            Deadline::within(PLENTY),
            self.scope(),
            Some(self.claim(key)),
        )
    }

    /// The claim of a key by the same caller, always with the same request.
    pub(crate) fn claim(&self, key: &str) -> Claim {
        Claim {
            clinic: self.clinic,
            caller: self.clinic,
            key: key.to_owned(),
            fingerprint: fingerprint(&Route::post("/words"), None, &serde_json::json!({})),
            at: self.now,
        }
    }

    /// The one row of a statement, read in a transaction of its own.
    pub(crate) async fn read<R>(&self, statement: Statement<R>) -> R {
        let mut tx = self.reading(PLENTY);
        let handle = tx.add(statement);
        commit(tx).await.unwrap().one(&handle).unwrap()
    }

    /// The server process behind the pool's connection.
    pub(crate) async fn backend(&self) -> i32 {
        self.read(sql::backend()).await
    }

    /// Adds a word, without a key, in a transaction that has nothing else.
    pub(crate) async fn add(&self, word: &str) -> Result<Done, Fault> {
        let mut tx = self.writing(PLENTY);
        tx.add(sql::insert(word));
        commit(tx).await
    }

    pub(crate) async fn effects(&self) -> Vec<String> {
        effects(&self.database).await
    }
}

/// Commits; a failure comes as the fault it becomes.
pub(crate) async fn commit(tx: Tx<'_>) -> Result<Done, Fault> {
    tx.commit::<WordFailure>().await.map_err(Fault::from)
}
