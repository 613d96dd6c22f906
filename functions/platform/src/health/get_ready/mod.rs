//! `GET /health/ready`: the database answers.
//!
//! - **Caller**: anybody; one probe in five seconds an instance, whoever asks.
//! - **Fails**: `NOT_READY` (503), within a second, when the database does not answer.
//! - **Round trips**: 1, or 0 while the last answer stands.

use schemars::JsonSchema;
use serde::Serialize;
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, NoInput, Policy, RateClass, Reply, Route};

/// The declaration.
#[derive(Debug)]
pub struct GetReady;

/// That it is ready.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ready {
    /// `ready`.
    #[schemars(extend("const" = "ready"))]
    pub status: &'static str,
}

failures! {
    /// How the readiness check can fail.
    pub enum GetReadyFailure {
        /// The database does not answer.
        NotReady = 503 "NOT_READY", "Not ready", "The database does not answer. Repeat after the time in Retry-After.";
    }
}

impl Endpoint for GetReady {
    const NAME: &'static str = "get-ready";
    const ROUTE: Route = Route::get("/health/ready");
    const POLICY: Policy = Policy::public().limit(RateClass::Unlimited);
    const SUMMARY: &'static str = "Whether the database answers";
    const DESCRIPTION: &'static str = "One probe in five seconds, whoever asks.";
    type Input = NoInput;
    type Output = Reply<Ready>;
    type Failure = GetReadyFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        if call.is_ready().await {
            Ok(Reply::ok(Ready { status: "ready" }))
        } else {
            Err(GetReadyFailure::NotReady.into())
        }
    }
}
