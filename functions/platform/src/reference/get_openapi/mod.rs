//! `GET /api/v1/openapi.json`: the contract of all endpoints, `OpenAPI` 3.1.
//!
//! - **Caller**: anybody.
//! - **Reads**: `openapi.json`, generated from the declarations of all modules. The hash of its bytes is the `ETag`;
//!   `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

pub mod schema;

use super::etag;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, NoInput, Policy, Route, Success};
use std::sync::LazyLock;

/// The contract, generated from the declarations of all modules by `cargo run -- generate`.
const OPENAPI: &str = include_str!("../../../openapi.json");

static ETAG: LazyLock<String> = LazyLock::new(|| etag::of(OPENAPI.as_bytes()));

/// The declaration.
#[derive(Debug)]
pub struct GetOpenapi;

impl Endpoint for GetOpenapi {
    const NAME: &'static str = "get-openapi";
    const ROUTE: Route = Route::get("/api/v1/openapi.json");
    const POLICY: Policy = Policy::public().round_trips(0);
    const SUMMARY: &'static str = "This document";
    const SUCCESS: Success = Success::bare().etag();
    type Parts = ();
    type Input = NoInput;
    type Output = schema::Contract;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(schema::Contract { text: OPENAPI, etag: &ETAG })
    }
}
