//! What goes out.

use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, ETAG, HeaderValue};
use shared::failure::Fault;
use shared::http::{Answer, Response};

/// The page with the one policy that lets it work.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Its HTML.
    pub html: &'static str,
    /// Its version.
    pub etag: &'static str,
    /// What it may load and call.
    pub security_policy: &'static str,
}

impl Answer for Page {
    fn respond(self) -> Result<Response, Fault> {
        let body = self.html.as_bytes().to_vec();
        let mut response = Response::with_body(StatusCode::OK, "text/html; charset=utf-8", body);
        response.headers.insert(ETAG, HeaderValue::from_static(self.etag));
        response.headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.security_policy));
        Ok(response)
    }
}
