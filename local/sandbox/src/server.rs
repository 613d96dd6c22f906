//! The sandbox behind an address of its own.

use crate::{HalfReply, Sandbox};
use bytes::Bytes;
use http::Response;
use http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// The most bytes of a body that are read.
const READ_AT_MOST: usize = 1024 * 1024;

/// A sandbox that listens, until this is dropped.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    task: AbortHandle,
}

impl Listening {
    /// The address as an URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on a free port of this machine.
pub(crate) async fn listen(sandbox: Sandbox) -> io::Result<Listening> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(accept(listener, sandbox)).abort_handle();
    Ok(Listening { address, task })
}

/// The connections end with this task.
async fn accept(listener: TcpListener, sandbox: Sandbox) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve(stream, sandbox.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, sandbox: Sandbox) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let sandbox = sandbox.clone();
        async move { answer(&sandbox, request).await }
    });
    // Whoever closes it, on purpose or not: the next connection is another one.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection without an answer.
async fn answer(
    sandbox: &Sandbox,
    request: http::Request<Incoming>,
) -> io::Result<Response<Either<Full<Bytes>, Cut>>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, READ_AT_MOST).collect().await.map_err(io::Error::other)?.to_bytes();
    let response = sandbox.answer(&head, body).await.ok_or(io::ErrorKind::ConnectionAborted)?;
    if response.extensions().get::<HalfReply>().is_none() {
        return Ok(response.map(Either::Left));
    }
    let (mut head, body) = response.into_parts();
    let Ok(collected) = body.collect().await;
    let whole = collected.to_bytes();
    head.headers.insert(CONTENT_LENGTH, whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    Ok(Response::from_parts(head, Either::Right(Cut { half: Some(half), is_sent: false })))
}

/// A body that breaks off.
struct Cut {
    half: Option<Bytes>,
    is_sent: bool,
}

impl Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.is_sent {
            // What was written is sent while the body is waited for.
            self.is_sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}
