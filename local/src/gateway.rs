//! The gateway's part: HTTP in, a request as read from an event to the function that has the route, its response out.

use crate::files::{self, FileFolder};
use crate::link_pages;
use crate::mail::Mails;
use crate::page::{TEXT, reply};
use crate::payments::Payments;
use bytes::Bytes;
use http::header::{COOKIE, HOST, HeaderMap, SET_COOKIE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use shared::clock::{Clock as _, SystemClock};
use shared::http::{OpenEndpoint, Request, Response, pipeline};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a body that are read; the function refuses a longer body anyway.
const READ_AT_MOST: usize = 1024 * 1024;

/// The time that a call may take, as on Lambda.
const TIME: Duration = Duration::from_secs(10);

/// The policy of a reply that shows nothing.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// All functions behind one address.
#[derive(Debug)]
pub struct Gateway {
    endpoints: Vec<OpenEndpoint>,
    mails: Option<Mails>,
    files: Option<FileFolder>,
    payments: Option<Arc<Payments>>,
}

impl Gateway {
    /// The endpoints of all modules.
    pub fn new(endpoints: Vec<OpenEndpoint>) -> Self {
        Self { endpoints, mails: None, files: None, payments: None }
    }

    /// With the pages that show the mails of this machine, and the pages that their links lead to.
    #[must_use]
    pub fn with_pages(self, mails: Mails) -> Self {
        Self { mails: Some(mails), ..self }
    }

    /// With the links to the files of this machine.
    #[must_use]
    pub fn with_files(self, files: FileFolder) -> Self {
        Self { files: Some(files), ..self }
    }

    /// With the page that shows what the sandbox of this machine charged, if cards are taken by that.
    #[must_use]
    pub fn with_payments(self, payments: Option<Arc<Payments>>) -> Self {
        Self { payments, ..self }
    }

    /// Passes a request to the function that has its route, or to the catch-all.
    pub async fn pass(&self, request: Request) -> Response {
        let has = |endpoint: &&OpenEndpoint| {
            let route = &endpoint.declaration.route;
            !route.is_catch_all() && route.takes(&request.method) && route.parameters(&request.path).is_some()
        };
        let found = self.endpoints.iter().find(has);
        let fallback = || self.endpoints.iter().find(|endpoint| endpoint.declaration.route.is_catch_all());
        match found.or_else(fallback) {
            Some(endpoint) => pipeline::answer(endpoint, request, TIME).await.finish().await,
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
        let (mut head, body) = request.into_parts();
        if !names_one_host(&head) {
            return Ok(reply(StatusCode::BAD_REQUEST, TEXT, NO_PAGE, "Name one host.\n"));
        }
        // A whole address as the target counts, whatever Host says (RFC 9112 §3.2.2).
        if let Some(host) = head.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
            head.headers.insert(HOST, host);
        }
        if let Some(mails) = &self.mails
            && let Some(page) = mails.answer(&head).await
        {
            return Ok(page);
        }
        if let Some(page) = self.payments.as_ref().and_then(|payments| payments.answer(&head)) {
            return Ok(page);
        }
        if let Some(files) = self.files.as_ref().filter(|_| FileFolder::is_asked(&head)) {
            let now = SystemClock.now();
            // What a link does not allow is not read.
            let most = files.allows(&head, now).min(files::LARGEST);
            let body = tokio::time::timeout(TIME, read(body, most)).await.map_err(|_| BrokenBody)??;
            return Ok(files.answer(&head, body, now).await);
        }
        if let Some(page) = self.mails.as_ref().and_then(|_| link_pages::asked(&head)) {
            let form = tokio::time::timeout(TIME, read(body, link_pages::LARGEST))
                .await
                .map_err(|_| BrokenBody)??;
            return Ok(page.answer(self, &head, &form, client.ip().to_string()).await);
        }
        if let Some(found) = self.mails.as_ref().and_then(|_| link_pages::receipt(&head)) {
            return Ok(found);
        }
        let body = tokio::time::timeout(TIME, read(body, READ_AT_MOST)).await.map_err(|_| BrokenBody)??;
        Ok(sent(self.pass(received(head, body, client)).await))
    }
}

/// Whether one header names the host, and names one (RFC 9112 §3.2). HTTP/1.0 may name none.
fn names_one_host(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).into_iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (None, None) => head.version < Version::HTTP_11,
        _ => false,
    }
}

/// A body that did not come as announced.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come as it was announced")]
pub struct BrokenBody;

/// The body, or the first part of a body that is longer than `most` bytes.
async fn read(mut body: Incoming, most: usize) -> Result<Vec<u8>, BrokenBody> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.map_err(|_| BrokenBody)?.data_ref() {
            bytes.extend_from_slice(data);
        }
        if bytes.len() > most {
            break;
        }
    }
    Ok(bytes)
}

/// The request, as a function reads it in the event of an HTTP API.
fn received(head: Parts, body: Vec<u8>, client: SocketAddr) -> Request {
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
