//! `GET /api/v1/openapi.json`: the contract of all endpoints, `OpenAPI` 3.1.
//!
//! - **Caller**: anybody.
//! - **Reads**: `openapi.json`, generated from the declarations of all modules. The hash of its bytes is the `ETag`;
//!   `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

mod logic;
pub mod schema;

use shared::endpoint::{Call, Endpoint, Policy};
use shared::failure::{Error, NoFailure};
use shared::input::NoInput;
use shared::route::Route;
use shared::success::Success;

/// The declaration.
#[derive(Debug)]
pub struct GetOpenapi;

impl Endpoint for GetOpenapi {
    const NAME: &'static str = "get-openapi";
    const ROUTE: Route = Route::get("/api/v1/openapi.json");
    const POLICY: Policy = Policy::public().round_trips(0);
    const SUMMARY: &'static str = "This document";
    const SUCCESS: Success = Success::bare().etag();
    type Input = NoInput;
    type Output = schema::Contract;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(schema::Contract { text: logic::OPENAPI, etag: logic::etag() })
    }
}
