//! The gateway's part: HTTP in, a request as read from an event to the function that has the route, its response out.

use crate::mail::Mails;
use bytes::Bytes;
use http::header::{COOKIE, HeaderMap, SET_COOKIE};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use shared::app::App;
use shared::http::{Declaration, Request, Response, pipeline};
use shared::module::Module;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a body that are read; the function refuses a longer body anyway.
const READ_AT_MOST: usize = 1024 * 1024;

/// The time that a call may take, as on Lambda.
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

    /// Passes a request to the function that has its route, or to the catch-all.
    pub async fn pass(&self, request: Request) -> Response {
        let has = |declaration: &Declaration| {
            let route = &declaration.route;
            !route.is_catch_all() && route.takes(&request.method) && route.parameters(&request.path).is_some()
        };
        let found = self.functions.iter().find(|(declaration, _)| has(declaration));
        let fallback = || self.functions.iter().find(|(declaration, _)| declaration.route.is_catch_all());
        match found.or_else(fallback) {
            Some((declaration, app)) => {
                pipeline::answer(app, declaration, request, TIME).await.finish().await
            }
            None => Response::empty(StatusCode::NOT_FOUND),
        }
    }

    /// Serves one HTTP request, from `client`.
    ///
    /// # Errors
    ///
    /// A body that breaks off, is framed wrongly or does not come in time: no function is called, the connection
    /// closes.
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
        Ok(sent(self.pass(received(head, body, client)).await))
    }
}

/// A body that did not come as announced.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come as it was announced")]
pub struct BrokenBody;

/// The body, or the first part of a body that is longer than any function takes.
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

/// The request, as a function reads it in the event of an HTTP API.
fn received(head: http::request::Parts, body: Vec<u8>, client: SocketAddr) -> Request {
    let cookies = values(&head.headers, &COOKIE).flat_map(|line| {
        let line = String::from_utf8_lossy(line).into_owned();
        line.split("; ").map(str::to_owned).collect::<Vec<_>>()
    });
    Request {
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        headers: joined(&head.headers),
        cookies: cookies.collect(),
        body: Some(Bytes::from(body)),
        gateway_id: None,
        source_address: client.ip().to_string(),
        method: head.method,
    }
}

/// Repeated headers joined by commas, no cookies, as the gateway does.
fn joined(given: &HeaderMap) -> HeaderMap {
    let names = given.keys().filter(|name| *name != COOKIE);
    let all = names.filter_map(|name| {
        let values: Vec<&[u8]> = values(given, name).collect();
        Some((name.clone(), HeaderValue::from_bytes(&values.join(&b","[..])).ok()?))
    });
    all.collect()
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

fn sent(answered: Response) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::new(Bytes::from(answered.body)));
    *response.status_mut() = answered.status;
    *response.headers_mut() = answered.headers;
    for cookie in answered.cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
