//! The way to Postgres.
//!
//! Where it stops, the sending half is closed: Postgres runs all that has reached it, finds the end of the connection, rolls
//! back what is open, and goes. That it has gone says that all of it was run. The function's end stays open, so that it
//! knows nothing until it is killed.

use super::frames::Frames;
use super::{Point, Recorded, Watched};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

/// Postgres is ready for the next flush (`ReadyForQuery`).
const READY: u8 = b'Z';

pub(super) async fn carry(listener: UnixListener, server: PathBuf, watched: Arc<Watched>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.unwrap();
        watched.open.send_modify(|open| *open += 1);
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (lives, ended) = oneshot::channel();
        tokio::spawn(messages(from_client, to_server, Arc::clone(&watched), lives));
        tokio::spawn(replies(from_server, to_client, Arc::clone(&watched), ended));
    }
}

/// Hands messages on, while the function lives. However it ends, Postgres finds the end of the connection.
async fn messages(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    watched: Arc<Watched>,
    _lives: oneshot::Sender<()>,
) {
    let (mut frames, mut buffer) = (Frames::of_client(), vec![0; 64 * 1024]);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        for message in frames.add(&buffer[..length]) {
            // The one that stops was the next one: it has not passed.
            let is_next = |passed: &Recorded| Point::Sent(passed.messages.len() - 1);
            if watched.stops(|passed| passed.messages.push(message.kind), is_next) {
                let _ = to.shutdown().await;
            } else {
                // Where Postgres has gone, its replies say so.
                let _ = to.write_all(&message.bytes).await;
            }
        }
    }
    let _ = to.shutdown().await;
}

/// Hands replies on, and says so once Postgres has gone from a wire that was stopped.
async fn replies(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    watched: Arc<Watched>,
    function: oneshot::Receiver<()>,
) {
    let (mut frames, mut buffer) = (Frames::of_server(), vec![0; 64 * 1024]);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        for message in frames.add(&buffer[..length]) {
            let count = |passed: &mut Recorded| passed.flushes += usize::from(message.kind == READY);
            let was_stopped = watched.passing().is_stopped;
            // A reply within a flush stands at the point of the flush before, and must not be taken for it.
            let here = |passed: &Recorded| match message.kind {
                READY => Point::Unanswered(passed.flushes),
                _ => Point::Unanswered(usize::MAX),
            };
            if !watched.stops(count, here) {
                // Where the function has gone, there is nobody to tell.
                let _ = to.write_all(&message.bytes).await;
            } else if !was_stopped {
                watched.tell_stopped();
            }
        }
    }
    watched.open.send_modify(|open| *open -= 1);
    if watched.passing().is_stopped {
        watched.tell_stopped();
        // It is about to be killed, and is not told before that Postgres has gone.
        let _ = function.await;
    }
}
