//! The layer around a whole invocation, which goes on once Lambda has the reply.

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

/// The work after the replies under way. The handler puts it in, and the layer does it.
#[derive(Debug, Clone, Default)]
pub(super) struct AfterReplies {
    waiting: Arc<Mutex<Vec<AfterReply>>>,
    /// Locked for reading by every invocation, from event to end.
    under_way: Arc<RwLock<()>>,
}

impl AfterReplies {
    /// Keeps the work until its reply is sent.
    pub(super) fn keep(&self, after: AfterReply) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(after);
    }

    /// Waits for the end of every invocation under way, and lets none begin. Called once, at the end of the process.
    pub(super) async fn drain(&self) {
        std::mem::forget(Arc::clone(&self.under_way).write_owned().await);
    }

    /// Does all waiting work, before Lambda's time is over.
    async fn run(&self, end: Instant) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for after in waiting {
            after.run().await;
        }
        // Lambda may freeze a process that asks for the next event: spans go out before.
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
        // The service that was polled ready must be the one called (tower's `Service`, on cloning).
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
