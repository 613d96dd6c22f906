//! `GET /docs`: the contract for people, with a search and a form to call each operation.
//!
//! The page draws `GET /api/v1/openapi.json` with Scalar, whose script `GET /docs/scalar.js` answers. The page loads
//! nothing from anywhere else. Once `login` was sent on the page, its next calls carry the token of the reply.
//!
//! - **Caller**: anybody.
//! - **Reads**: `page.html`. The hash of its bytes is the `ETag`; `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

mod logic;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{AnyQuery, Call, Endpoint, Policy, Route, Success};

/// The declaration.
#[derive(Debug)]
pub struct GetDocs;

impl Endpoint for GetDocs {
    const NAME: &'static str = "get-docs";
    const ROUTE: Route = Route::get("/docs");
    const POLICY: Policy = Policy::public().round_trips(0).produces(&["text/html"]);
    const SUMMARY: &'static str = "This document as a page";
    const DESCRIPTION: &'static str = "For people: with a search, and with a form to call each operation.";
    const SUCCESS: Success = Success::bare().etag().cached("public, no-cache");
    type Parts = ();
    type Input = AnyQuery;
    type Output = schema::Page;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(schema::Page { html: logic::PAGE, etag: logic::etag(), security_policy: logic::security_policy() })
    }
}
