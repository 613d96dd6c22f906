//! The gateway's part: HTTP in, a payload 2.0 event to the function that has the route, its reply out.

use crate::mail::Mails;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{COOKIE, HeaderMap};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use shared::app::App;
use shared::http::gateway::{Event, GatewayReply, HttpContext, RequestContext};
use shared::http::{Declaration, pipeline};
use shared::module::Module;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// As much of a body is read; what is longer is refused by its function anyway.
const READ_AT_MOST: usize = 1024 * 1024;

/// What a call may take, as on Lambda.
const TIME: Duration = Duration::from_secs(10);

/// All functions behind one address.
#[derive(Debug)]
pub struct Gateway {
    functions: Vec<(Declaration, Arc<App>)>,
    mails: Option<Mails>,
}

impl Gateway {
    /// Each module's endpoints, with the module's own app.
    pub fn new(modules: Vec<(Module, Arc<App>)>) -> Self {
        let functions = modules.into_iter().flat_map(|(module, app)| {
            module.endpoints.into_iter().map(move |declaration| (declaration, Arc::clone(&app)))
        });
        Self { functions: functions.collect(), mails: None }
    }

    /// With the pages that show the mails of this machine.
    #[must_use]
    pub fn with_pages(self, mails: Mails) -> Self {
        Self { mails: Some(mails), ..self }
    }

    /// Passes an event to the function that has its route, or to the catch-all.
    pub async fn pass(&self, event: Event) -> GatewayReply {
        let method =
            Method::from_bytes(event.request_context.http.method.as_bytes()).unwrap_or(Method::TRACE);
        let has = |declaration: &Declaration| {
            let route = &declaration.route;
            !route.is_catch_all() && route.takes(&method) && route.parameters(&event.raw_path).is_some()
        };
        let found = self.functions.iter().find(|(declaration, _)| has(declaration));
        let fallback = || self.functions.iter().find(|(declaration, _)| declaration.route.is_catch_all());
        match found.or_else(fallback) {
            Some((declaration, app)) => pipeline::answer(app, declaration, event, TIME).await.finish().await,
            None => GatewayReply {
                status_code: 404,
                headers: BTreeMap::new(),
                cookies: Vec::new(),
                body: String::new(),
                is_base64_encoded: false,
            },
        }
    }

    /// One HTTP request, from `client`.
    ///
    /// # Errors
    ///
    /// A body that breaks off, is framed wrongly or does not come in time: nothing is called, the connection closes.
    pub async fn serve(
        &self,
        request: http::Request<Incoming>,
        client: SocketAddr,
    ) -> Result<http::Response<Full<Bytes>>, BrokenBody> {
        let (head, body) = request.into_parts();
        if let Some(mails) = &self.mails
            && let Some(page) = mails.answer(&head).await
        {
            return Ok(page);
        }
        let body = tokio::time::timeout(TIME, read(body)).await.map_err(|_| BrokenBody)??;
        let event = event(&head, &body, client);
        Ok(response(self.pass(event).await))
    }
}

/// A body that did not come as it was announced.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come as it was announced")]
pub struct BrokenBody;

/// The body, or its first part when it is longer than any function takes.
async fn read(mut body: Incoming) -> Result<Vec<u8>, BrokenBody> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.map_err(|_| BrokenBody)?.data_ref() {
            bytes.extend_from_slice(data);
        }
        if bytes.len() > READ_AT_MOST {
            break;
        }
    }
    Ok(bytes)
}

fn event(head: &http::request::Parts, body: &[u8], client: SocketAddr) -> Event {
    let text = std::str::from_utf8(body);
    let path = head.uri.path().to_owned();
    Event {
        version: "2.0".to_owned(),
        route_key: "$default".to_owned(),
        raw_path: path.clone(),
        raw_query_string: head.uri.query().unwrap_or("").to_owned(),
        cookies: values(&head.headers, &COOKIE)
            .flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>())
            .collect(),
        headers: headers(&head.headers),
        request_context: RequestContext {
            request_id: String::new(),
            http: HttpContext {
                method: head.method.as_str().to_owned(),
                path,
                source_ip: client.ip().to_string(),
            },
        },
        is_base64_encoded: text.is_err(),
        body: match text {
            Ok("") => None,
            Ok(text) => Some(text.to_owned()),
            Err(_) => Some(STANDARD.encode(body)),
        },
    }
}

/// Lower-case names, repeated headers joined by commas, no cookies, as the gateway does.
fn headers(given: &HeaderMap) -> BTreeMap<String, String> {
    let names = given.keys().filter(|name| *name != COOKIE);
    names.map(|name| (name.as_str().to_owned(), values(given, name).collect::<Vec<_>>().join(","))).collect()
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + 'a {
    headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn response(reply: GatewayReply) -> http::Response<Full<Bytes>> {
    let status = StatusCode::from_u16(reply.status_code).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = reply.headers.clone();
    let mut response = http::Response::new(Full::new(reply.bytes().unwrap_or_default()));
    *response.status_mut() = status;
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
