//! The limits of an instance: its memory of callers, and the stores that it asks.

use super::memory::Memory;
use crate::clock::Clock;
use crate::database::{Take, Taken};
use crate::external::Redis;
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::settings::{Setting, SettingError};
use redis::Script;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_millis(5);

const RATE_LIMITS: Setting = Setting::optional(
    "RATE_LIMITS",
    "how many times as wide all limits of requests are, for benchmarks and tests; 1 unless given. Not on AWS",
)
.form("a whole number from 1 to 1000");

/// Limits of requests, as a part.
pub struct Limiter {
    redis: Arc<Redis>,
    times: u16,
    patience: Duration,
    memory: Mutex<Memory>,
    script: Script,
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Limiter")
    }
}

/// Where a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Redis,
    Database,
}

impl Limiter {
    /// Limits that are so many `times` as wide, counted in Redis if there is one.
    pub fn new(redis: Arc<Redis>, times: u16) -> Self {
        let script = Script::new(include_str!("take.lua"));
        Self { redis, times, patience: PATIENCE, memory: Mutex::default(), script }
    }

    /// As the limits, with another patience: a test's machine may be slower than any Redis.
    #[must_use]
    pub fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Limits that nobody counts but this instance.
    pub(crate) fn alone(clock: Arc<dyn Clock>) -> Self {
        Self::new(Arc::new(Redis::none(clock)), 1)
    }

    /// How many times as wide the limits are.
    pub(super) fn times(&self) -> u16 {
        self.times
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store that is asked now; none where there is neither.
    pub(super) fn store(&self, has_database: bool) -> Option<Store> {
        if self.redis.is_asked() {
            return Some(Store::Redis);
        }
        has_database.then_some(Store::Database)
    }

    /// Notes that Redis did not answer a caller who has waited long enough.
    pub(super) fn missed(&self) {
        self.redis.missed("timeout");
    }

    /// Takes of a bucket in Redis. `None` without a Redis, or without its answer in time.
    pub(super) async fn by_redis(&self, take: &Take, limit: Duration) -> Option<Taken> {
        let mut script = self.script.key(format!("grafono:limit:{}", take.bucket));
        let script = script.arg(take.forced).arg(take.wanted).arg(microseconds(take.every)).arg(take.burst);
        let (granted, remaining, wait): (u32, u32, u64) = self.redis.run_within(script, limit).await?;
        Some(Taken { granted, remaining, wait: Duration::from_millis(wait) })
    }
}

/// Seconds as whole microseconds, as Redis counts.
#[expect(clippy::cast_possible_truncation, reason = "a window is at most a few hours")]
pub(super) fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

impl Part for Limiter {
    const NAME: &'static str = "limits";
    const REQUIREMENTS: Requirements = Requirements::settings(&[RATE_LIMITS]);
    type Parts = Redis;

    fn open(settings: &Reader<'_>, redis: Arc<Redis>) -> Result<Self, Noted> {
        let times = settings.optional(&RATE_LIMITS, |text| {
            let times = text.parse().ok().filter(|times| (1..=1000).contains(times));
            times.ok_or(SettingError::Malformed)
        })?;
        let is_on_aws = settings.aws("AWS_LAMBDA_FUNCTION_NAME").is_some_and(|name| !name.is_empty());
        if times.is_some() && is_on_aws {
            let error = SettingError::Expected("left out on AWS: it makes all limits wider".into());
            return Err(settings.note(RATE_LIMITS.key, error));
        }
        Ok(Self::new(redis, times.unwrap_or(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::parts::Opening;

    fn open(times: &'static str, function: Option<&'static str>) -> Result<u16, String> {
        let variable = move |key: &str| match key {
            "RATE_LIMITS" => Some(times.to_owned()),
            "AWS_LAMBDA_FUNCTION_NAME" => function.map(str::to_owned),
            _ => None,
        };
        let opening = Opening::by_value(variable, Arc::new(SystemClock));
        let limiter: Result<Arc<Limiter>, _> = opening.finish(opening.part());
        limiter.map(|limiter| limiter.times()).map_err(|bad| bad.to_string())
    }

    #[test]
    fn limits_are_as_wide_as_the_setting_says_and_on_aws_as_the_rules_say() {
        assert_eq!(open("", None), Ok(1));
        assert_eq!(open("20", None), Ok(20));
        for bad in ["0", "-1", "1001", "1.5", "off"] {
            let error = open(bad, None).unwrap_err();
            assert_eq!(error, "RATE_LIMITS must be a whole number from 1 to 1000", "{bad}");
        }
        let error = open("20", Some("get-balance")).unwrap_err();
        assert_eq!(error, "RATE_LIMITS must be left out on AWS: it makes all limits wider");
    }
}
