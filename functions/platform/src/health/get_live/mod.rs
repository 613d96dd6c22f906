//! `GET /health/live`: the process answers, and checks nothing.
//!
//! - **Caller**: anybody.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

use schemars::JsonSchema;
use serde::Serialize;
use shared::failure::{Error, NoFailure};
use shared::http::{AnyQuery, Call, Endpoint, Policy, RateClass, Reply, Route};

/// The declaration.
#[derive(Debug)]
pub struct GetLive;

/// That it lives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Live {
    /// `live`.
    #[schemars(extend("const" = "live"))]
    pub status: &'static str,
}

impl Endpoint for GetLive {
    const NAME: &'static str = "get-live";
    const ROUTE: Route = Route::get("/health/live");
    const POLICY: Policy = Policy::public().limit(RateClass::Unlimited).round_trips(0);
    const SUMMARY: &'static str = "Whether the process lives";
    type Parts = ();
    type Input = AnyQuery;
    type Output = Reply<Live>;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(Reply::ok(Live { status: "live" }))
    }
}
