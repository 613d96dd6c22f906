//! Redis, which helps and is never a condition: whoever asks it goes on without its answer.

use crate::clock::Clock;
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::readiness::Readiness;
use crate::settings::{Form, Parameter, Setting, SettingError};
use crate::telemetry::{self, Instrument as _};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The time that asking Redis may take, connecting included.
const TIMEOUT: Duration = Duration::from_millis(250);

/// How long Redis is left alone after a missing answer, in milliseconds, so that not every call waits for it. The first
/// call after that sees whether Redis is back.
const SILENCE: i64 = 5_000;

const REDIS_URL: Setting = Setting::optional(
    "REDIS_URL",
    "`rediss://…`, the Redis that functions share circuit breakers in; none unless given",
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
    connection: tokio::sync::Mutex<Option<MultiplexedConnection>>,
    /// The instant until which the server is not asked, in milliseconds since 1970.
    silent_until: Mutex<i64>,
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
        let server =
            Server { client, connection: tokio::sync::Mutex::default(), silent_until: Mutex::new(i64::MIN) };
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

    /// Runs a script. `None` without a Redis, or without its answer in time.
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        let server = self.server.as_ref()?;
        let now = self.clock.now().as_millisecond();
        if now < *server.silent_until.lock().unwrap_or_else(PoisonError::into_inner) {
            return None;
        }
        let span = telemetry::redis_call("EVALSHA");
        // The client's futures are large: on the heap they are not copied about.
        let asked = Box::pin(server.run(script)).instrument(span.clone());
        let asked = tokio::time::timeout(TIMEOUT, asked).await;
        let failed = match asked {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        let reason = failed.as_ref().map_or("timeout", RedisError::category);
        telemetry::failed(&span, reason);
        tracing::warn!(event = "redis", reason, "Redis did not answer; it is left alone for five seconds");
        *server.connection.lock().await = None;
        *server.silent_until.lock().unwrap_or_else(PoisonError::into_inner) = now + SILENCE;
        None
    }
}

impl Server {
    /// Runs a script, on a new connection when the old one is dead.
    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, RedisError> {
        let open = self.connection.lock().await.clone();
        if let Some(mut connection) = open {
            match script.invoke_async(&mut connection).await {
                // After a freeze of the environment the other end of the connection is gone.
                Err(error) if error.is_io_error() || error.is_connection_dropped() => {}
                answered => return answered,
            }
        }
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *self.connection.lock().await = Some(connection.clone());
        script.invoke_async(&mut connection).await
    }
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
