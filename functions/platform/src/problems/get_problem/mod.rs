//! `GET /api/v1/problems/{code}`: the meaning of a problem, as JSON or, for browsers, HTML.
//!
//! - **Caller**: anybody.
//! - **Reads**: `problems.json`, generated from the declarations of all modules.
//! - **Fails**: `PROBLEM_NOT_FOUND`.
//! - **Round trips**: 0.

mod handler;
mod logic;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Represented, Route, Success, WithPathAndAnyQuery};

/// The declaration.
#[derive(Debug)]
pub struct GetProblem;

impl Endpoint for GetProblem {
    const NAME: &'static str = "get-problem";
    const ROUTE: Route = Route::get("/api/v1/problems/{code}");
    const POLICY: Policy = Policy::public().round_trips(0).produces(&["application/json", "text/html"]);
    const SUMMARY: &'static str = "What a problem means";
    const DESCRIPTION: &'static str = "The page behind the `type` of every problem document, \
        as JSON or, for browsers, HTML.";
    const SUCCESS: Success = Success::ok().cached("public, max-age=3600");
    type Parts = ();
    type Input = WithPathAndAnyQuery<schema::ProblemPath>;
    type Output = Represented<schema::ProblemPage>;
    type Failure = schema::GetProblemFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.code.as_str())
    }
}
