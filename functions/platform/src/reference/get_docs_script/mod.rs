//! `GET /docs/scalar.js`: the script that draws the reference page, as Scalar publishes it, packed.
//!
//! - **Caller**: anybody; in fact the page, with `If-None-Match` each time.
//! - **Reads**: the script, packed by `build.rs`; by gzip for whoever takes it, as all browsers do, and unpacked for
//!   anybody else. The hash of the bytes is the `ETag`; `If-None-Match` gives 304.
//! - **Fails**: in no way of its own.
//! - **Round trips**: 0.

use super::document::{Chosen, Document, Form};
use flate2::read::GzDecoder;
use shared::failure::{Error, NoFailure};
use shared::http::{AnyQuery, Call, Endpoint, Policy, Route, Success};
use std::io::Read as _;
use std::sync::LazyLock;

/// The script, packed by `build.rs`.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scalar.js.gz"));

static SCRIPT: Document = Document {
    content_type: "text/javascript; charset=utf-8",
    plain: LazyLock::new(|| Form::plain(unpacked(PACKED))),
    packed: LazyLock::new(|| Form::packed(PACKED)),
};

/// The bytes unpacked; those of `build.rs` cannot be broken.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = GzDecoder::new(packed).read_to_end(&mut bytes);
    bytes
}

/// The declaration.
#[derive(Debug)]
pub struct GetDocsScript;

impl Endpoint for GetDocsScript {
    const NAME: &'static str = "get-docs-script";
    const ROUTE: Route = Route::get("/docs/scalar.js");
    const POLICY: Policy = Policy::public().round_trips(0).produces(&["text/javascript"]);
    const SUMMARY: &'static str = "The script of that page";
    const DESCRIPTION: &'static str = "By gzip for whoever takes it, as all browsers do.";
    const SUCCESS: Success = Success::bare().etag().cached("public, no-cache");
    type Parts = ();
    type Input = AnyQuery;
    type Output = Chosen;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(SCRIPT.chosen(call.prefers_gzip()))
    }
}
