//! `POST /api/v1/mail-events/sendgrid`: notes the mails that came back, as SendGrid tells.
//!
//! - **Does**: verifies who signed the request and when, reads the events, notes the gravest of each mail.
//! - **Caller**: SendGrid, known by its signature with the key of `SENDGRID_WEBHOOK_PUBLIC_KEY`. The body is
//!   read only under a good signature.
//! - **Finds** a mail by the ids `clinic` and `mail` that it was sent with, by both of them: another clinic's mail is
//!   not found. Events without both ids, and of mails that are not ours, are passed over; so are unknown kinds and
//!   members, because the list is SendGrid's and grows without us.
//! - **Writes**: `kernel.mails`: `bounced`, `transient` or `permanent`, or `complained`, and when. The graver state
//!   stays, whatever comes first or twice. Nothing else of the events is kept, and nothing is logged.
//! - **Atomic**: all of it, or nothing. Each clinic's mails are noted within that clinic, under the module's own role.
//! - **Fails**: `MAIL_NOT_SENT_YET` for an event that comes before its mail is marked as sent. The other events are
//!   noted, and SendGrid repeats the request, for a day, until the answer is 2xx.
//! - **Round trips**: 1, however many clinics; 0 when no mail came back.

mod handler;
mod logic;
pub mod schema;

pub use super::signature::EventsKey;

use shared::failure::Error;
use shared::http::{
    Call, Endpoint, Policy, RateClass, RequestHeader, Response, Route, Success, WithSignedBody,
};

/// The header with the signature.
const SIGNATURE: RequestHeader = RequestHeader {
    is_required: true,
    name: "X-Twilio-Email-Event-Webhook-Signature",
    description: "The base64 of a DER signature, by ECDSA over P-256 with SHA-256, of the timestamp and the body behind it.",
    example: "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
};

/// The header with the time of the signature.
const TIMESTAMP: RequestHeader = RequestHeader {
    is_required: true,
    name: "X-Twilio-Email-Event-Webhook-Timestamp",
    description: "When it was signed, in seconds since 1970.",
    example: "1795255200",
};

/// The largest body, in bytes: SendGrid sends what it has gathered at 768 KiB at the latest.
const BODY_LIMIT: usize = 1024 * 1024;

/// The declaration.
#[derive(Debug)]
pub struct RecordSendgridEvents;

impl Endpoint for RecordSendgridEvents {
    const NAME: &'static str = "record-sendgrid-events";
    const ROUTE: Route = Route::post("/api/v1/mail-events/sendgrid");
    const POLICY: Policy =
        Policy::public().headers(&[SIGNATURE, TIMESTAMP]).body_limit(BODY_LIMIT).limit(RateClass::Unsigned);
    const SUMMARY: &'static str = "Take SendGrid's events";
    const DESCRIPTION: &'static str = "The address for SendGrid's Event Webhook, with its signature turned on. Bounces, \
        blocks, drops and spam reports are noted on the mails that they are about; other events, other members and \
        other mails are passed over. The same events may come again and in any order: the gravest counts.";
    const SUCCESS: Success = Success::no_content();
    type Parts = EventsKey;
    type Input = WithSignedBody<schema::SendgridEvents>;
    type Output = Response;
    type Failure = schema::RecordSendgridEventsFailure;

    async fn handle(
        call: &Call<'_, EventsKey>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, &input.body.bytes).await
    }
}
