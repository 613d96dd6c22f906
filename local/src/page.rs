//! The pages of the local server, which listens on 127.0.0.1: their headers, and who may ask for them.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Whether `Host` names this machine. Another site's name may lead here, too (DNS rebinding), and its pages would read
/// what is answered.
pub(crate) fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost"].contains(&name)
}

/// Whether a form was sent by a page of this server. Browsers say where a form is from; programs need not.
pub(crate) fn is_own_form(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
}

/// A page with forms: without a referrer at all, a browser would hide where they are from.
pub(crate) fn with_forms(mut page: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    page
}

/// A page under that policy, which nobody frames or keeps.
pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    policy: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let headers: [(HeaderName, &'static str); 6] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
