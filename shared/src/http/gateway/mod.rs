//! Gateway events, and what is answered to them.
//!
//! HTTP APIs and function URLs send payload format 2.0, REST APIs and some HTTP APIs 1.0; [`read`] makes the same
//! [`Request`] out of either, and [`GatewayReply`] is written in the format that was asked in. Whatever comes must end in
//! a reply of ours, so reading cannot fail: the types of `lambda_http` read what they can, a lenient reader of our own
//! what they refuse, and what is no request at all is one for nothing (decision 10).

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

/// The payload format that an event came in and its reply goes out in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Payload format 1.0: REST APIs, and HTTP APIs that ask for it.
    Rest,
    /// Payload format 2.0: HTTP APIs and function URLs.
    #[default]
    Http,
}

/// Reads an event of either format. What is no event is a request for nothing, and so for a route that is not there.
pub fn read(json: &str) -> (Request, Format) {
    let (found, format) = typed::read(json).unwrap_or_else(|| lenient::read(json));
    (found.into(), format)
}

/// A request, taken out of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method; one that is no token is answered 405 like any other unknown one.
    pub method: Method,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent, without `?`.
    pub query: String,
    /// The headers, repeated ones joined by commas. Cookies are not among them.
    pub headers: HeaderMap,
    /// The cookies, each as `name=value`.
    pub cookies: Vec<String>,
    /// The body; `None` when its base64 is broken.
    pub body: Option<Bytes>,
    /// The gateway's id of this request, when it gave one.
    pub gateway_id: Option<String>,
    /// The client's address by the gateway: the only place it is taken from (C7).
    pub source_address: String,
}

impl Request {
    /// A header's value when it is there and visible ASCII.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// With this id, if the gateway gave none.
    #[must_use]
    pub fn or_id(mut self, id: &str) -> Self {
        self.gateway_id = self.gateway_id.or_else(|| plain(id.to_owned()));
        self
    }
}

/// What a reader finds in an event, of whichever format.
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
        // Function URLs give cookies in both places, REST APIs in the header alone.
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

/// An id, if it is fit for a header and a log line.
fn plain(id: String) -> Option<String> {
    let is_plain = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(id)
}

/// All values of each name. The gateway writes null where there is nothing.
type Lists = BTreeMap<String, Vec<String>>;

/// Parameters come decoded in payload format 1.0: they are written again as a query, and read like any other.
fn query(lists: &Lists) -> String {
    let mut written = Serializer::new(String::new());
    for (name, values) in lists {
        written.extend_pairs(values.iter().map(|value| (name, value)));
    }
    written.finish()
}

/// Each name once, as payload format 2.0 has it: repeated headers are joined by commas, cookies by semicolons.
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
