//! Redis, which helps and is never a condition: whoever asks it goes on without its answer.

use crate::clock::Clock;
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::readiness::Readiness;
use crate::settings::{Form, Parameter, Setting, SettingError};
use crate::telemetry::{self, Instrument as _};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time that asking Redis may take, connecting included.
const TIMEOUT: Duration = Duration::from_millis(250);

/// How long Redis is left alone after a missing answer, in milliseconds, so that not every call waits for it. The first
/// call after that sees whether Redis is back.
const SILENCE: i64 = 5_000;

/// How many answers in a row may be missing where little time is given for each.
const MISSES: u32 = 5;

/// How long a connection may take to open. It opens beside the calls that want it, however little time they have.
const OPENING: Duration = Duration::from_secs(2);

const REDIS_URL: Setting = Setting::optional(
    "REDIS_URL",
    "`rediss://…`, the Redis that functions share circuit breakers and limits in; none unless given: the database then \
     counts what is asked",
)
.secret("REDIS_URL_SECRET_ARN")
.form("an address such as rediss://user:password@host:6379, or redis:// without TLS")
.parameter(Parameter::new("RedisUrlSecretArn", Form::SecretArn).or(""));

/// A Redis, or none. One connection is kept, which carries many calls at once.
pub struct Redis {
    server: Option<Server>,
    clock: Arc<dyn Clock>,
    readiness: Readiness,
}

struct Server {
    client: Client,
    state: Mutex<State>,
}

/// A connection on its way, which several calls may wait for; none when it could not be opened.
type Opening = Shared<BoxFuture<'static, Option<MultiplexedConnection>>>;

#[derive(Default)]
struct State {
    connection: Option<Opening>,
    /// How many answers in a row are missing.
    misses: u32,
    /// The instant until which the server is not asked, in milliseconds since 1970.
    silent_until: i64,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Redis")
    }
}

impl Redis {
    /// The Redis at `url`. Nothing is sent yet.
    pub fn at(url: &str, clock: Arc<dyn Clock>) -> Result<Self, SettingError> {
        let client = Client::open(url).map_err(|_| SettingError::Malformed)?;
        let server = Server { client, state: Mutex::default() };
        Ok(Self { server: Some(server), ..Self::none(clock) })
    }

    /// No Redis: nothing is shared.
    pub fn none(clock: Arc<dyn Clock>) -> Self {
        Self { server: None, clock, readiness: Readiness::default() }
    }

    /// Whether there is a Redis to ask.
    pub fn is_given(&self) -> bool {
        self.server.is_some()
    }

    /// Whether Redis answers, by a probe of now or of the last five seconds.
    pub async fn is_ready(&self) -> bool {
        let script = Script::new("return 1");
        self.readiness
            .of(async {
                let answer: Option<i64> = self.run(&script.prepare_invoke()).await;
                answer == Some(1)
            })
            .await
    }

    /// Whether Redis is asked at all: there is one, and it is not left alone now.
    pub fn is_asked(&self) -> bool {
        let now = self.clock.now().as_millisecond();
        self.server.as_ref().is_some_and(|server| now >= server.state().silent_until)
    }

    /// Runs a script. `None` without a Redis, or without its answer in time.
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        self.ask(script, TIMEOUT, 1).await
    }

    /// Runs a script for a caller who has little time: one missing answer says nothing yet, and five in a row do.
    pub async fn run_within<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
        limit: Duration,
    ) -> Option<T> {
        self.ask(script, limit, MISSES).await
    }

    async fn ask<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
        limit: Duration,
        most: u32,
    ) -> Option<T> {
        let server = self.server.as_ref().filter(|_| self.is_asked())?;
        let span = telemetry::redis_call("EVALSHA");
        // The client's futures are large: on the heap they are not copied about.
        let asked = Box::pin(server.run(script)).instrument(span.clone());
        let reason = match tokio::time::timeout(limit, asked).await {
            Ok(Ok(answer)) => {
                server.state().misses = 0;
                return Some(answer);
            }
            Ok(Err(reason)) => reason,
            Err(_) => "timeout".to_owned(),
        };
        telemetry::failed(&span, &reason);
        self.miss(&reason, most);
        None
    }

    /// Notes a missing answer, for a caller who gave up waiting.
    pub fn missed(&self, reason: &str) {
        self.miss(reason, MISSES);
    }

    /// Notes a missing answer; so many in a row are the most.
    fn miss(&self, reason: &str, most: u32) {
        let Some(server) = &self.server else { return };
        let mut state = server.state();
        state.misses += 1;
        if state.misses >= most {
            *state = State { silent_until: self.clock.now().as_millisecond() + SILENCE, ..State::default() };
            tracing::warn!(
                event = "redis",
                reason,
                "Redis did not answer; it is left alone for five seconds"
            );
        }
    }
}

impl Server {
    /// Runs a script, on a new connection when the old one is dead.
    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, String> {
        let mut is_first = true;
        loop {
            let Some(mut connection) = self.connection().await else {
                self.state().connection = None;
                return Err("no connection".to_owned());
            };
            match script.invoke_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                // After a freeze of the environment the other end of the connection is gone.
                Err(error) if is_first && is_lost(&error) => self.state().connection = None,
                Err(error) => return Err(error.category().to_owned()),
            }
            is_first = false;
        }
    }

    /// The connection, opened by a task of its own: whoever has no more time for it leaves it to those who follow.
    fn connection(&self) -> Opening {
        let mut state = self.state();
        let opening = state.connection.get_or_insert_with(|| {
            let client = self.client.clone();
            let opening = async move {
                let config =
                    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
                let opened = client.get_multiplexed_async_connection_with_config(&config);
                tokio::time::timeout(OPENING, opened).await.ok()?.ok()
            };
            let opening = opening.boxed().shared();
            drop(tokio::spawn(opening.clone()));
            opening
        });
        opening.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped()
}

impl Part for Redis {
    const NAME: &'static str = "redis";
    const REQUIREMENTS: Requirements = Requirements::settings(&[REDIS_URL]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        let given = settings.optional(&REDIS_URL, |url| {
            let is_address = url.starts_with("redis://") || url.starts_with("rediss://");
            if is_address { Self::at(url, settings.clock()) } else { Err(SettingError::Malformed) }
        })?;
        Ok(given.unwrap_or_else(|| Self::none(settings.clock())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::parts::Opening;
    use crate::settings::BadSettings;

    fn open(url: Option<&str>) -> Result<Arc<Redis>, BadSettings> {
        let value = url.map(str::to_owned);
        let variable = move |key: &str| value.clone().filter(|_| key == "REDIS_URL");
        let opening = Opening::by_value(variable, Arc::new(SystemClock));
        opening.finish(opening.part())
    }

    #[test]
    fn redis_is_given_by_its_address_or_not_at_all() {
        assert!(open(Some("rediss://:canary@redis.example:6379")).unwrap().is_given());
        assert!(!open(None).unwrap().is_given());
        let bad = open(Some("redis.example")).unwrap_err();
        assert_eq!(
            bad.to_string(),
            "REDIS_URL must be an address such as rediss://user:password@host:6379, or redis:// without TLS"
        );
    }
}
