//! `GET /api/v1/openapi.json`: the contract of all endpoints, `OpenAPI` 3.1.
//!
//! - **Caller**: anybody.
//! - **Reads**: `openapi.json`, generated from the declarations of all modules, and the same packed by `build.rs`, for
//!   whoever takes gzip. The hash of the bytes is the `ETag`; `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

pub mod schema;

use super::document::{Document, Form};
use shared::failure::{Error, NoFailure};
use shared::http::{AnyQuery, Call, Endpoint, Policy, Route, Success};
use std::sync::LazyLock;

/// The contract, generated from the declarations of all modules by `cargo run -- generate`.
const OPENAPI: &str = include_str!("../../../openapi.json");

/// The same, packed by `build.rs`.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

static CONTRACT: Document = Document {
    content_type: "application/json",
    plain: LazyLock::new(|| Form::plain(OPENAPI.as_bytes().to_vec())),
    packed: LazyLock::new(|| Form::packed(PACKED)),
};

/// The declaration.
#[derive(Debug)]
pub struct GetOpenapi;

impl Endpoint for GetOpenapi {
    const NAME: &'static str = "get-openapi";
    const ROUTE: Route = Route::get("/api/v1/openapi.json");
    const POLICY: Policy = Policy::public().round_trips(0);
    const SUMMARY: &'static str = "This document";
    const SUCCESS: Success = Success::bare().etag().cached("public, max-age=300");
    type Parts = ();
    type Input = AnyQuery;
    type Output = schema::Contract;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(schema::Contract(CONTRACT.chosen(call.prefers_gzip())))
    }
}
