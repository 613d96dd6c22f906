//! Gateway events, and the replies to them.
//!
//! HTTP APIs and function URLs send payload format 2.0, REST APIs and some HTTP APIs 1.0; [`read`] makes the same
//! [`Request`] of either, and [`GatewayReply`] has the format of its event. Every event must end in a reply of ours, so
//! reading cannot fail: the types of `lambda_http` read most events, a lenient reader of our own the events that they
//! refuse, and an event without a request is a request for nothing (decision 10).

mod lenient;
mod reply;
mod typed;

#[cfg(test)]
mod tests;

pub use reply::GatewayReply;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::collections::BTreeMap;
use std::panic::catch_unwind;

/// The payload format of an event and of its reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Payload format 1.0: REST APIs, and HTTP APIs that ask for it.
    Rest,
    /// Payload format 2.0: HTTP APIs and function URLs.
    #[default]
    Http,
}

/// Reads an event of either format. A text that is no event is a request for nothing, whose route is unknown. So is an
/// event with more than 24 576 names of headers, at which a header map panics.
pub fn read(json: &str) -> (Request, Format) {
    let found = catch_unwind(|| typed::read(json).unwrap_or_else(|| lenient::read(json)));
    let (found, format) = found.unwrap_or_else(|_| lenient::nothing());
    (found.into(), format)
}

/// A request, read from its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method. A malformed method is answered 405 like any unknown one.
    pub method: Method,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent, without `?`.
    pub query: String,
    /// The headers without cookies, repeated ones joined by commas.
    pub headers: HeaderMap,
    /// The cookies, each as `name=value`.
    pub cookies: Vec<String>,
    /// The body; `None` for broken base64.
    pub body: Option<Bytes>,
    /// The gateway's id of this request, if the event has one.
    pub gateway_id: Option<String>,
    /// The client's address by the gateway, the only source of it (C7).
    pub source_address: String,
}

impl Request {
    /// A header's value, if there and visible ASCII.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// With this id, unless the gateway gave one.
    #[must_use]
    pub fn or_id(mut self, id: &str) -> Self {
        self.gateway_id = self.gateway_id.or_else(|| plain(id.to_owned()));
        self
    }
}

/// The members that a reader finds in an event of either format.
#[derive(Debug, Default)]
struct Found {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    cookies: Vec<String>,
    body: Option<String>,
    is_base64: bool,
    request_id: String,
    source_address: String,
}

impl From<Found> for Request {
    fn from(found: Found) -> Self {
        let Found { mut headers, mut cookies, .. } = found;
        // Function URLs send cookies in both places, REST APIs in the header alone.
        if cookies.is_empty() {
            cookies = cookies_in(&headers);
        }
        headers.remove(COOKIE);
        Self {
            method: found.method,
            path: found.path,
            query: found.query,
            headers,
            cookies,
            body: decoded(found.body.unwrap_or_default(), found.is_base64),
            gateway_id: plain(found.request_id),
            source_address: found.source_address,
        }
    }
}

fn cookies_in(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split("; ")).map(str::to_owned).collect()
}

fn decoded(body: String, is_base64: bool) -> Option<Bytes> {
    if is_base64 { STANDARD.decode(body).ok().map(Bytes::from) } else { Some(Bytes::from(body)) }
}

/// The id, if fit for a header and a log line.
fn plain(id: String) -> Option<String> {
    let is_plain = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(id)
}

/// All values of each name. The gateway writes null for an empty map.
type Lists = BTreeMap<String, Vec<String>>;

/// Decoded parameters of payload format 1.0, written again as a query, to be read like any other.
fn query(lists: &Lists) -> String {
    let mut written = Serializer::new(String::new());
    for (name, values) in lists {
        written.extend_pairs(values.iter().map(|value| (name, value)));
    }
    written.finish()
}

/// Each name once, as in payload format 2.0: repeated headers joined by commas, cookies by semicolons.
fn joined(headers: HeaderMap) -> HeaderMap {
    if headers.len() == headers.keys_len() {
        return headers;
    }
    let all = headers.keys().filter_map(|name| {
        let values: Vec<&[u8]> = headers.get_all(name).into_iter().map(HeaderValue::as_bytes).collect();
        let separator: &[u8] = if name == COOKIE { b"; " } else { b"," };
        Some((name.clone(), HeaderValue::from_bytes(&values.join(separator)).ok()?))
    });
    all.collect()
}
