//! Breakers that all processes share, in Redis. Without its answer, the caller goes on by the breaker of its own process.

use super::Redis;
use super::breaker::{Admission, OPEN, PROBE, THRESHOLD};
use super::gate::CommonBreakers;
use crate::access::random;
use futures_util::future::BoxFuture;
use redis::Script;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused breaker is kept, in milliseconds.
const RETENTION: i64 = 600_000;

/// Breakers in Redis.
pub(super) struct SharedBreakers {
    redis: Arc<Redis>,
    admit: Script,
    settle: Script,
}

impl SharedBreakers {
    pub(super) fn new(redis: Arc<Redis>) -> Self {
        let (admit, settle) = (include_str!("admit.lua"), include_str!("settle.lua"));
        Self { redis, admit: Script::new(admit), settle: Script::new(settle) }
    }

    async fn admit(&self, key: &str, now: i64) -> Option<Admission> {
        let probe = random::number();
        let mut script = self.admit.key(name(key));
        let answer: i64 = self.redis.run(script.arg(now).arg(probe).arg(PROBE).arg(RETENTION)).await?;
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
        self.redis.run(script).await.map(|_: i64| ())
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
