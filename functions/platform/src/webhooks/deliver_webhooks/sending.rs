//! Sends one delivery, outside of any transaction.

use super::logic::{Delivery, Sent};
use crate::webhooks::signing::signatures;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use shared::deadline::Deadline;
use shared::logging::VERSION;
use shared::outside::{CallError, ExternalCall, HttpError, Outside};
use std::time::Duration;

/// How long an endpoint may take to answer.
pub(super) const LIMIT: Duration = Duration::from_secs(15);

/// Sends it and tells what came of it. `now` is what the signature says about when it was sent.
pub(super) async fn send(outside: &Outside, delivery: &Delivery, now: Timestamp, deadline: Deadline) -> Sent {
    if !delivery.is_wanted {
        return Sent::Unwanted;
    }
    // What is no request any more can only be an address that was good once; it is tried again like any other.
    let Some(request) = request(delivery, now) else { return Sent::Unanswered };
    let target = delivery.endpoint.to_string();
    let call = ExternalCall::new("webhook", "deliver", LIMIT, deadline).target(&target);
    let client = outside.http_to_others();
    let answered: Result<StatusCode, CallError<HttpError>> =
        outside.call(call, || client.status(request.clone())).await;
    match answered {
        Ok(status) => Sent::Answered(status.as_u16()),
        Err(CallError::TimedOut | CallError::Failed(_)) => Sent::Unanswered,
        Err(CallError::BreakerOpen(wait)) => {
            Sent::HeldBack(SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(30)))
        }
        Err(CallError::OutOfTime) => Sent::HeldBack(SignedDuration::ZERO),
    }
}

fn request(delivery: &Delivery, now: Timestamp) -> Option<Request<Bytes>> {
    let (body, timestamp) = (delivery.body(), now.as_second());
    Request::post(&delivery.url)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, format!("Grafono-Webhooks/{VERSION}"))
        .header("webhook-id", delivery.event.to_string())
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures(&delivery.secrets, delivery.event, timestamp, &body))
        .body(Bytes::from(body))
        .ok()
}
