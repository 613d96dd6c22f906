//! `$default`: every request that the gateway has no route for.
//!
//! - **Does**: 302 from `/` and `/docs/` to `/docs`, 404, 405 with `Allow`, and the answer to `OPTIONS` (CORS preflight included).
//! - **Caller**: anybody.
//! - **Reads**: `routes.json`, generated from the declarations of all modules.
//! - **Round trips**: 0.

mod handler;
mod logic;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Response, Route};

/// The declaration.
#[derive(Debug)]
pub struct Fallback;

impl Endpoint for Fallback {
    const NAME: &'static str = "fallback";
    const ROUTE: Route = Route::catch_all();
    const POLICY: Policy = Policy::public().round_trips(0).produces(&["application/json", "text/html"]);
    const SUMMARY: &'static str = "Everything that has no route";
    type Parts = ();
    type Input = schema::Anything;
    type Output = Response;
    type Failure = shared::failure::NoFailure;

    async fn handle(_call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(&input)
    }
}
