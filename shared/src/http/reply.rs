//! The answer of a handler, and its one envelope (B2).

use crate::failure::Fault;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK, LOCATION, VARY};
use http::{HeaderMap, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// The header of a reply that an earlier request with the same `Idempotency-Key` has stored.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A finished response, before the headers that every response carries.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers of this reply. Cookies are not among them: a header that is repeated is joined by commas.
    pub headers: HeaderMap,
    /// What is set as cookies, each as `Set-Cookie` has it.
    pub cookies: Vec<HeaderValue>,
    /// The body; bytes that are no UTF-8 pass the gateway as base64.
    pub body: Vec<u8>,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), cookies: Vec::new(), body: Vec::new() }
    }

    /// A response with a body of that content type.
    pub fn with_body(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self { status, headers, cookies: Vec::new(), body }
    }
}

/// A type that an endpoint may answer.
pub trait Answer: Send {
    /// The finished response.
    fn respond(self) -> Result<Response, Fault>;

    /// The JSON schema of the data, if the answer has JSON data.
    fn data_schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

impl Answer for Response {
    fn respond(self) -> Result<Response, Fault> {
        Ok(self)
    }
}

/// Data in the envelope `{"success":true,"data":…,"meta":{…},"error":null}`.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    data: T,
    meta: Option<PageMeta>,
    headers: Vec<(HeaderName, String)>,
    cookies: Vec<String>,
}

/// Which page of a list this is, and whether another follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageMeta {
    /// Counted from 1; it travels in the cursor.
    #[schemars(range(min = 1), example = 1)]
    pub page: u32,
    /// How many items a page has at most.
    #[schemars(range(min = 1, max = 100), example = 20)]
    pub limit: u8,
    /// How many items there are, counted to 10 001 at most, and only when asked for.
    #[schemars(range(min = 0, max = 10_001), example = 1)]
    pub total: Option<i64>,
    /// Whether there are more than `total` says.
    #[schemars(example = false)]
    pub total_is_lower_bound: bool,
    /// Whether another page follows.
    #[schemars(example = false)]
    pub has_more: bool,
    /// What to send as `cursor` for it.
    #[schemars(regex(pattern = crate::http::cursor::PATTERN), example = None::<String>)]
    pub next_cursor: Option<String>,
}

impl<T: Serialize + Send> Reply<T> {
    /// The data.
    pub const fn data(&self) -> &T {
        &self.data
    }

    /// 200 with data.
    pub fn ok(data: T) -> Self {
        Self { status: StatusCode::OK, data, meta: None, headers: Vec::new(), cookies: Vec::new() }
    }

    /// 201 with a new thing, which can be fetched at `location`.
    pub fn created(location: String, data: T) -> Self {
        Self { status: StatusCode::CREATED, headers: vec![(LOCATION, location)], ..Self::ok(data) }
    }

    /// 201 with a new thing that has no address of its own.
    pub fn created_here(data: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(data) }
    }

    /// 202 with queued work, which can be asked for at `location`.
    pub fn accepted(location: String, data: T) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::created(location, data) }
    }

    /// The row's version as a strong `ETag` (B9).
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.headers.push((ETAG, format!("\"{version}\"")));
        self
    }

    /// Sets a cookie, as `Set-Cookie` has it.
    #[must_use]
    pub fn cookie(mut self, cookie: Option<String>) -> Self {
        self.cookies.extend(cookie);
        self
    }

    /// Marks a reply that an earlier request has stored.
    #[must_use]
    pub fn replayed(mut self, replayed: bool) -> Self {
        if replayed {
            self.headers.push((IDEMPOTENCY_REPLAYED, "true".to_owned()));
        }
        self
    }

    /// One page of a list; `next` is the address of the next page (RFC 8288).
    #[must_use]
    pub fn page(mut self, meta: PageMeta, next: Option<String>) -> Self {
        self.meta = Some(meta);
        if let Some(next) = next {
            self.headers.push((LINK, format!("<{next}>; rel=\"next\"")));
        }
        self
    }
}

/// Data in its envelope, or, where it is too large for a reply, the address at which it is fetched: 303 (RFC 9110
/// §15.4.4).
#[derive(Debug)]
pub enum HereOrElsewhere<T> {
    /// The data.
    Here(Reply<T>),
    /// Its address.
    Elsewhere(String),
}

impl<T: Serialize + JsonSchema + Send> Answer for HereOrElsewhere<T> {
    fn data_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Reply::<T>::data_schema(generator)
    }

    fn respond(self) -> Result<Response, Fault> {
        let address = match self {
            Self::Here(reply) => return reply.respond(),
            Self::Elsewhere(address) => HeaderValue::try_from(address),
        };
        let mut response = Response::empty(StatusCode::SEE_OTHER);
        let address = address.map_err(|_| Fault::internal("the address of data is not a header value"))?;
        response.headers.insert(LOCATION, address);
        Ok(response)
    }
}

/// Data in its envelope, or in another form: the one of the policy's media types that the caller prefers
/// ([`Call::media_type`](crate::http::Call::media_type)). Caches keep one reply for each.
#[derive(Debug)]
pub enum Represented<T> {
    /// As JSON.
    Json(Reply<T>),
    /// In that form.
    As(Response),
}

impl<T: Serialize + JsonSchema + Send> Answer for Represented<T> {
    fn data_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Reply::<T>::data_schema(generator)
    }

    fn respond(self) -> Result<Response, Fault> {
        let mut response = match self {
            Self::Json(reply) => reply.respond()?,
            Self::As(response) => response,
        };
        response.headers.insert(VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    data: &'a T,
    meta: Meta<'a>,
    error: (),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Meta<'a> {
    Page(&'a PageMeta),
    None {},
}

impl<T: Serialize + JsonSchema + Send> Answer for Reply<T> {
    fn data_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn respond(self) -> Result<Response, Fault> {
        let meta = self.meta.as_ref().map_or(Meta::None {}, Meta::Page);
        let envelope = Envelope { success: true, data: &self.data, meta, error: () };
        let body = serde_json::to_vec(&envelope)
            .map_err(|error| Fault::internal(format!("the reply could not be serialised: {error}")))?;
        let mut response = Response::with_body(self.status, "application/json", body);
        for (name, value) in self.headers {
            let value = HeaderValue::try_from(value)
                .map_err(|_| Fault::internal(format!("the reply's {name} is not a header value")))?;
            response.headers.insert(name, value);
        }
        for cookie in self.cookies {
            let cookie = HeaderValue::try_from(cookie)
                .map_err(|_| Fault::internal("a cookie is not a header value"))?;
            response.cookies.push(cookie);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_has_its_four_members_in_order() {
        let response = Reply::ok(1).respond().unwrap();
        assert_eq!(response.body, br#"{"success":true,"data":1,"meta":{},"error":null}"#);
    }

    #[test]
    fn what_has_several_forms_says_that_they_vary() {
        let pdf = || Response::with_body(StatusCode::OK, "application/pdf", vec![0xff]);
        for represented in [Represented::Json(Reply::ok(1)), Represented::As(pdf())] {
            assert_eq!(represented.respond().unwrap().headers[VARY], "Accept");
        }
        assert_eq!(Represented::<i64>::As(pdf()).respond().unwrap().body, [0xff]);
    }

    #[test]
    fn a_version_is_a_strong_etag() {
        let response = Reply::ok(1).version(7).respond().unwrap();
        assert_eq!(response.headers[ETAG], "\"7\"");
    }
}
