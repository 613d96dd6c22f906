//! The layer around the whole of an invocation: it comes back to us once Lambda has the reply.

use super::{MARGIN, time_left};
use crate::http::pipeline::AfterReply;
use crate::telemetry;
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaInvocation};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::RwLock;
use tokio::time::Instant;

/// What is to be done after the replies under way. One for the handler, which puts it in, and for the layer, which
/// does it.
#[derive(Debug, Clone, Default)]
pub(super) struct AfterReplies {
    waiting: Arc<Mutex<Vec<AfterReply>>>,
    /// Held for reading by every invocation from event to end.
    under_way: Arc<RwLock<()>>,
}

impl AfterReplies {
    /// Keeps it until its reply is sent.
    pub(super) fn keep(&self, after: AfterReply) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(after);
    }

    /// Waits for every invocation under way to end, and lets none begin. Called once, when the process is to end.
    pub(super) async fn drain(&self) {
        std::mem::forget(Arc::clone(&self.under_way).write_owned().await);
    }

    /// Does all that waits, before Lambda's time is over.
    async fn run(&self, end: Instant) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for after in waiting {
            after.run().await;
        }
        // Lambda may freeze the process as soon as it asks for the next event: spans go out before that.
        telemetry::flush_before(end).await;
    }
}

impl<S> Layer<S> for AfterReplies {
    type Service = AfterReplyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AfterReplyService { inner, after: self.clone() }
    }
}

/// The runtime's own service with ours around it.
#[derive(Debug, Clone)]
pub(super) struct AfterReplyService<S> {
    inner: S,
    after: AfterReplies,
}

impl<S> Service<LambdaInvocation> for AfterReplyService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        // The service that said it was ready is the one to call (tower's `Service`, on cloning).
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let after = self.after.clone();
        let end = Instant::now() + time_left(&invocation.context) + MARGIN / 2;
        Box::pin(async move {
            let _under_way = after.under_way.read().await;
            let sent = inner.call(invocation).await;
            after.run(end).await;
            sent
        })
    }
}
