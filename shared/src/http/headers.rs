//! The headers of every response, errors included (B10), and conditional reads (B9).

use crate::http::entity_tags::EntityTags;
use crate::http::success::NO_STORE;
use crate::http::{Request, Response, Success};
use crate::telemetry::Trace;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName,
    HeaderValue, IF_NONE_MATCH, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, StatusCode};

/// The headers of a response that does not set them itself.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
];

/// Headers of ours that a script of an allowed origin may read.
const EXPOSED: &str =
    "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";

/// Completes a response: 304 when the caller has this version, no body to HEAD, and the headers of every reply.
pub(crate) fn complete(
    response: &mut Response,
    success: &Success,
    request: &Request,
    request_id: &str,
    trace: &Trace,
    origins: &[String],
) {
    if is_known(response, request) {
        // No length either: it would be the one of the body that is not sent again (RFC 9110 §8.6).
        response.status = StatusCode::NOT_MODIFIED;
        response.headers.remove(CONTENT_TYPE);
        response.headers.remove(CONTENT_ENCODING);
        response.body.clear();
    } else if request.method == Method::HEAD {
        // The length of the body to GET (RFC 9110 §9.3.2).
        response.headers.insert(CONTENT_LENGTH, HeaderValue::from(response.body.len()));
        response.body.clear();
    }
    for (name, value) in DEFAULTS {
        response.headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let is_success = response.status.is_success() || response.status == StatusCode::NOT_MODIFIED;
    let cache_control = if is_success { success.cache_control } else { NO_STORE };
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    let own = [("x-request-id", request_id), ("traceparent", &trace.traceparent())];
    for (name, value) in own {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers.insert(HeaderName::from_static(name), value);
        }
    }
    allow_origin(response, request, origins);
}

/// Whether `If-None-Match` names the version of the response (weak comparison, RFC 9110 §13.1.2).
fn is_known(response: &Response, request: &Request) -> bool {
    let reads = matches!(request.method, Method::GET | Method::HEAD) && response.status == StatusCode::OK;
    match (response.headers.get(ETAG), request.headers.get(IF_NONE_MATCH)) {
        (Some(tag), Some(known)) if reads => EntityTags::are_known(known.as_bytes(), tag.as_bytes()),
        _ => false,
    }
}

/// CORS by exact allow-list; any other origin gets no header.
fn allow_origin(response: &mut Response, request: &Request, origins: &[String]) {
    if origins.is_empty() {
        return;
    }
    response.headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.headers.get(ORIGIN) else {
        return;
    };
    if origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
        response.headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        response.headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
