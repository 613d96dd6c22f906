//! `GET /docs/scalar.js`: the script that draws the reference page, as Scalar publishes it, packed.
//!
//! - **Caller**: anybody; in fact the page, with `If-None-Match` each time.
//! - **Reads**: the script, packed by `build.rs`. The hash of its bytes is the `ETag`; `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

pub mod schema;

use super::etag;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, NoInput, Policy, Route, Success};
use std::sync::LazyLock;

/// The script, packed by `build.rs`.
const SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scalar.js.gz"));

static ETAG: LazyLock<String> = LazyLock::new(|| etag::of(SCRIPT));

/// The declaration.
#[derive(Debug)]
pub struct GetDocsScript;

impl Endpoint for GetDocsScript {
    const NAME: &'static str = "get-docs-script";
    const ROUTE: Route = Route::get("/docs/scalar.js");
    const POLICY: Policy = Policy::public().round_trips(0).produces(&["text/javascript"]);
    const SUMMARY: &'static str = "The script of that page";
    const DESCRIPTION: &'static str = "Always gzip, as all browsers take it.";
    const SUCCESS: Success = Success::bare().etag();
    type Parts = ();
    type Input = NoInput;
    type Output = schema::Script;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(schema::Script { packed: SCRIPT, etag: &ETAG })
    }
}
