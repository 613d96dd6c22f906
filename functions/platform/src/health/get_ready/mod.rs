//! `GET /health/ready`: the database answers, and Redis where there is one.
//!
//! - **Caller**: anybody; one probe of each in five seconds an instance, whoever asks.
//! - **Degraded**: Redis helps and is never a condition, so without its answer the instance is ready all the same.
//! - **Fails**: `NOT_READY` (503), within a second, when the database does not answer.
//! - **Round trips**: 1, or 0 while the last answer stands.

use futures_util::future::join;
use schemars::JsonSchema;
use serde::Serialize;
use shared::external::Redis;
use shared::failure::Error;
use shared::failures;
use shared::http::{AnyQuery, Call, Endpoint, Policy, RateClass, Reply, Route};

/// The declaration.
#[derive(Debug)]
pub struct GetReady;

/// That it is ready, and what answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ready {
    /// `degraded` when something that only helps does not answer.
    pub status: Status,
    /// `up`.
    #[schemars(extend("const" = "up"))]
    pub database: &'static str,
    /// The Redis that functions share their circuit breakers in.
    pub redis: RedisState,
}

/// Whether everything answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReadyStatus")]
pub enum Status {
    /// Everything answers.
    Ready,
    /// The database answers, and something that only helps does not.
    Degraded,
}

/// Whether Redis answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedisState {
    /// It answers.
    Up,
    /// It does not answer.
    Away,
    /// There is none.
    None,
}

failures! {
    /// How the readiness check can fail.
    pub enum GetReadyFailure {
        /// The database does not answer.
        NotReady = 503 "NOT_READY", "Not ready", "The database does not answer, or takes no changes. Repeat after the time in Retry-After.";
    }
}

impl Endpoint for GetReady {
    const NAME: &'static str = "get-ready";
    const ROUTE: Route = Route::get("/health/ready");
    const POLICY: Policy = Policy::public().limit(RateClass::Unlimited);
    const SUMMARY: &'static str = "Whether the database answers, and Redis";
    const DESCRIPTION: &'static str = "One probe of each in five seconds, whoever asks. Without an answer of Redis the \
        service goes on, and is `degraded`.";
    type Parts = Redis;
    type Input = AnyQuery;
    type Output = Reply<Ready>;
    type Failure = GetReadyFailure;

    async fn handle(
        call: &Call<'_, Redis>,
        _input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        let (database, redis) = join(call.is_ready(), redis(call.parts)).await;
        if !database {
            return Err(GetReadyFailure::NotReady.into());
        }
        let status = if matches!(redis, RedisState::Away) { Status::Degraded } else { Status::Ready };
        Ok(Reply::ok(Ready { status, database: "up", redis }))
    }
}

async fn redis(redis: &Redis) -> RedisState {
    if !redis.is_given() {
        return RedisState::None;
    }
    if redis.is_ready().await { RedisState::Up } else { RedisState::Away }
}
