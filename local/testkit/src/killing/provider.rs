//! The way to the payment provider.

use super::{Point, Watched};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use payment_sandbox::Sandbox;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Half of a body, and then nothing more.
type Broken = Pin<Box<dyn futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send>>;
type Reply = Response<Either<Full<Bytes>, StreamBody<Broken>>>;

pub(super) async fn carry(listener: TcpListener, sandbox: Sandbox, watched: Arc<Watched>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (sandbox, watched) = (sandbox.clone(), Arc::clone(&watched));
        let service = service_fn(move |request| answer(request, sandbox.clone(), Arc::clone(&watched)));
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

/// What becomes of one request.
async fn answer(request: Request<Incoming>, sandbox: Sandbox, watched: Arc<Watched>) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    // Counts once: the three places of a request are asked one after the other.
    if watched.stops(|passed| passed.asked += 1, |passed| Point::Asked(passed.asked)) {
        watched.passing().late = Some((head, body));
        return stop(&watched).await;
    }
    let reply = sandbox.answer(&head, body).await;
    if watched.stops(|_| (), |passed| Point::Done(passed.asked)) {
        return stop(&watched).await;
    }
    let reply = reply.ok_or(io::ErrorKind::ConnectionAborted)?;
    if !watched.stops(|_| (), |passed| Point::Half(passed.asked)) {
        return Ok(reply.map(Either::Left));
    }
    let (mut head, body) = reply.into_parts();
    let Ok(whole) = body.collect().await.map(http_body_util::Collected::to_bytes);
    head.headers.insert(CONTENT_LENGTH, whole.len().into());
    let half = stream::iter([Ok(Frame::data(whole.slice(..whole.len() / 2)))]);
    let silence = stream::once(async move { stop(&watched).await });
    let broken: Broken = Box::pin(half.chain(silence));
    Ok(Response::from_parts(head, Either::Right(StreamBody::new(broken))))
}

/// Says that it stopped here, and never goes on.
async fn stop<T>(watched: &Watched) -> io::Result<T> {
    watched.tell_stopped();
    std::future::pending().await
}
