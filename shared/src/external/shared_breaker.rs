//! Breakers that all processes share, in Redis. Redis helps and is never a condition: without its answer, the caller
//! goes on by the breaker of its own process.

use super::breaker::{Admission, OPEN, PROBE, THRESHOLD};
use super::gate::CommonBreakers;
use crate::settings::{BadSettings, SettingError};
use crate::telemetry::{self, Instrument as _};
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The time that asking Redis may take, connecting included.
const TIMEOUT: Duration = Duration::from_millis(250);

/// How long Redis is left alone after a missing answer, in milliseconds, so that not every call waits for it.
const SILENCE: i64 = 5_000;

/// How long an unused breaker is kept, in milliseconds.
const RETENTION: i64 = 600_000;

/// Breakers in Redis.
pub(super) struct SharedBreakers {
    client: Client,
    connection: tokio::sync::Mutex<Option<MultiplexedConnection>>,
    /// The instant until which Redis is not asked.
    silent_until: Mutex<i64>,
    admit: Script,
    settle: Script,
}

impl SharedBreakers {
    /// The breakers in the Redis at `url` (`redis://…` or `rediss://…`). Nothing is sent yet.
    pub(super) fn at(url: &str) -> Result<Self, BadSettings> {
        let client =
            Client::open(url).map_err(|_| BadSettings(vec![("REDIS_URL", SettingError::Malformed)]))?;
        Ok(Self {
            client,
            connection: tokio::sync::Mutex::default(),
            silent_until: Mutex::new(i64::MIN),
            admit: Script::new(include_str!("admit.lua")),
            settle: Script::new(include_str!("settle.lua")),
        })
    }

    async fn admit(&self, key: &str, now: i64) -> Option<Admission> {
        let probe = fastrand::u32(1..);
        let mut script = self.admit.key(name(key));
        let answer: i64 = self.ask(script.arg(now).arg(probe).arg(PROBE).arg(RETENTION), now).await?;
        Some(match answer {
            0 => Admission::Admitted,
            wait @ 1.. => Admission::Refused(Duration::from_millis(wait.unsigned_abs())),
            _ => Admission::Probe(u64::from(probe)),
        })
    }

    async fn settle(&self, key: &str, now: i64, admission: Admission, failed: bool) -> Option<()> {
        let probe = match admission {
            Admission::Probe(probe) => probe,
            Admission::Admitted | Admission::Refused(_) => 0,
        };
        let mut script = self.settle.key(name(key));
        let script = script.arg(now).arg(probe).arg(u8::from(failed)).arg(THRESHOLD).arg(OPEN).arg(RETENTION);
        self.ask(script, now).await.map(|_: i64| ())
    }

    /// Runs a script, on a new connection when the old one is dead.
    async fn ask<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>, now: i64) -> Option<T> {
        if now < *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner) {
            return None;
        }
        let span = telemetry::redis_call("EVALSHA");
        let asked = tokio::time::timeout(TIMEOUT, self.run(script).instrument(span.clone())).await;
        let failed = match asked {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        let reason = failed.as_ref().map_or("timeout", RedisError::category);
        telemetry::failed(&span, reason);
        tracing::warn!(
            event = "redis",
            reason,
            "Redis did not answer; breakers are this process's own for a while"
        );
        *self.connection.lock().await = None;
        *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner) = now + SILENCE;
        None
    }

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

impl CommonBreakers for SharedBreakers {
    fn admit<'a>(&'a self, breaker: &'a str, now: i64) -> BoxFuture<'a, Option<Admission>> {
        Box::pin(self.admit(breaker, now))
    }

    fn settle<'a>(
        &'a self,
        breaker: &'a str,
        now: i64,
        admission: Admission,
        failed: bool,
    ) -> BoxFuture<'a, Option<()>> {
        Box::pin(self.settle(breaker, now, admission, failed))
    }
}

fn name(key: &str) -> String {
    format!("grafono:breaker:{key}")
}
