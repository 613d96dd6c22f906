//! Sending a whole transaction at once.
//!
//! tokio-postgres queues a statement when its future is first polled and writes the queue in one go. Polling all
//! futures in order, before waiting on any, makes everything one flush: one round trip.

use super::statement::Parameter;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

/// One message of a flush.
pub(super) enum Step {
    /// BEGIN or COMMIT.
    Control(&'static str),
    /// A typed, unnamed statement: its name, its SQL and its parameters.
    Query(&'static str, &'static str, Vec<Parameter>),
}

pub(super) type Reply = Result<Vec<Row>, Error>;

type Running<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Sends all steps together and fills `replies`, one for each step. When the future is dropped early, `replies` has the
/// answers until then.
pub(super) async fn flush(client: &Client, steps: &[&Step], replies: &mut Vec<Option<Reply>>) {
    replies.clear();
    replies.resize_with(steps.len(), || None);
    let mut running: Vec<Running<'_>> = steps.iter().map(|step| run(client, step)).collect();
    poll_fn(|context| {
        let mut pending = false;
        // The order of this loop is the order on the wire: each first poll queues its message.
        for (future, reply) in running.iter_mut().zip(replies.iter_mut()) {
            if reply.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(outcome) => *reply = Some(outcome),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

fn run<'a>(client: &'a Client, step: &'a Step) -> Running<'a> {
    match step {
        Step::Control(sql) => Box::pin(async { client.batch_execute(sql).await.map(|()| Vec::new()) }),
        Step::Query(_, sql, parameters) => Box::pin(async {
            let parameters: Vec<(&(dyn ToSql + Sync), Type)> = parameters
                .iter()
                .map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone()))
                .collect();
            client.query_typed(sql, &parameters).await
        }),
    }
}
