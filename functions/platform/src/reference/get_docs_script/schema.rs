//! What goes out.

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue};
use shared::failure::Fault;
use shared::http::{Answer, Response};

/// A script.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// Its text, by gzip.
    pub packed: &'static [u8],
    /// Its version.
    pub etag: &'static str,
}

impl Answer for Script {
    fn respond(self) -> Result<Response, Fault> {
        let body = self.packed.to_vec();
        let mut response = Response::with_body(StatusCode::OK, "text/javascript; charset=utf-8", body);
        response.headers.insert(ETAG, HeaderValue::from_static(self.etag));
        response.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        Ok(response)
    }
}
