//! HTTP to other services: HTTP/1.1, over TLS unless the address says `http`. A redirect is an answer, and not
//! followed.
//!
//! The Lambda runtime brings hyper into every function, so this client adds a connector only; reqwest would add a whole
//! client. The clients of AWS send by it, too.

use super::call::Outcome;
use super::connect::{Connector, NetworkScope, Resolver};
use crate::settings::SettingError;
use crate::tls;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{self as client, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long a connection is kept for the next call. Servers close idle connections after a minute or so.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest head of a reply, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection was made, or none took the request: nothing was sent.
    #[error("nobody was reached")]
    NotReached,
    /// The connection broke. The request may have arrived, and may have been carried out.
    #[error("the connection broke")]
    Broken,
    /// The reply is longer than its limit.
    #[error("the reply is too long")]
    TooLong,
}

impl HttpError {
    /// hyper hands a request back, and says that it was canceled, only as long as the connection has not begun to write
    /// it; and a channel is closed before there is a request in it. Whatever else breaks may break behind the request.
    fn of(error: &client::Error) -> Self {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
        let is_unwritten = cause.is_some_and(|cause| cause.is_canceled() || cause.is_closed());
        if error.is_connect() || is_unwritten { Self::NotReached } else { Self::Broken }
    }
}

/// A reply, read to its end.
#[derive(Debug)]
pub struct HttpReply {
    /// The status, of any class.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Outcome for HttpReply {
    /// 5xx is the server's own failure; any other status, a refusal included, is an answer.
    fn is_failure(&self) -> bool {
        self.status.is_server_error()
    }
}

impl Outcome for StatusCode {
    fn is_failure(&self) -> bool {
        self.is_server_error()
    }
}

/// An HTTP client. Send only within [`ExternalCalls::call`](super::ExternalCalls::call).
///
/// A request goes out once. One that a kept connection hands back before any of it was written, because the server has
/// closed the connection, goes to another; nothing else is ever sent again.
#[derive(Clone)]
pub struct HttpClient(Client<HttpsConnector<Connector>, Full<Bytes>>);

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HttpClient")
    }
}

impl HttpClient {
    /// A client that connects to addresses within `scope` and to no others.
    pub(crate) fn within(scope: NetworkScope, resolver: Arc<dyn Resolver>) -> Result<Self, SettingError> {
        Ok(Self::trusting(tls::client_config()?, scope, resolver))
    }

    fn trusting(config: ClientConfig, scope: NetworkScope, resolver: Arc<dyn Resolver>) -> Self {
        let connector = HttpsConnector::from((Connector { resolver, scope }, config));
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(IDLE_TIMEOUT).pool_timer(TokioTimer::new()).http1_max_buf_size(HEAD_LIMIT);
        Self(builder.build(connector))
    }

    /// Sends a request and reads the reply, which has at most `limit` bytes.
    pub async fn send(&self, request: Request<Bytes>, limit: usize) -> Result<HttpReply, HttpError> {
        let (head, body) = self.answer(request).await?.into_parts();
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.is::<hyper::Error>() { HttpError::Broken } else { HttpError::TooLong }
        })?;
        Ok(HttpReply { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    /// Sends a request and reads the status alone; the body is not read, and the connection not kept.
    pub async fn status(&self, request: Request<Bytes>) -> Result<StatusCode, HttpError> {
        Ok(self.answer(request).await?.status())
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Incoming>, HttpError> {
        let span = tracing::Span::current();
        span.record("http.request.method", request.method().as_str());
        span.record("server.address", request.uri().host().unwrap_or_default());
        let reply = self.0.request(request.map(Full::new)).await.map_err(|error| HttpError::of(&error))?;
        span.record("http.response.status_code", reply.status().as_u16());
        Ok(reply)
    }
}
