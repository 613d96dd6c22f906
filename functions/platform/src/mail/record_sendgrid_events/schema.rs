//! What comes in, how it fails.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::failures;
use uuid::Uuid;

/// What SendGrid tells at once, in any order.
#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
pub struct SendgridEvents(#[schemars(length(max = 3000))] pub Vec<SendgridEvent>);

/// One event, as far as it is read; it has many more members.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SendgridEvent {
    /// What happened. `bounce`, `dropped` and `spamreport` are noted.
    #[schemars(example = &"bounce")]
    pub event: String,
    /// Of a `bounce`: `bounce` when it is for good, `blocked` when another mail may arrive.
    #[serde(rename = "type")]
    #[schemars(example = &"bounce")]
    pub kind: Option<String>,
    /// Of a `dropped`: why SendGrid did not send it.
    #[schemars(example = "Bounced Address")]
    pub reason: Option<String>,
    /// When it happened, in seconds since 1970.
    #[schemars(example = 1_795_255_200)]
    pub timestamp: Option<i64>,
    /// The clinic that the mail was sent for, as the mail was tagged.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub clinic: Option<Uuid>,
    /// The mail, as it was tagged.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub mail: Option<Uuid>,
}

failures! {
    /// How taking the events can fail.
    pub enum RecordSendgridEventsFailure {
        /// There is no key to verify them with.
        SendgridNotSetUp = 404 "SENDGRID_NOT_SET_UP", "SendGrid's events are not taken here",
            "There is no key to verify them with. Set SENDGRID_WEBHOOK_PUBLIC_KEY to the verification key that SendGrid shows.";
        /// It was signed with another key, or changed since.
        SignatureInvalid = 403 "SIGNATURE_INVALID", "Signature invalid",
            "This was not signed with the key that is set here, or was changed on its way. Compare the key with the one that SendGrid shows.";
        /// It was signed too long ago, or in the future.
        SignatureExpired = 403 "SIGNATURE_EXPIRED", "Signature expired",
            "This was signed more than 25 hours ago or more than 10 minutes ahead. Compare the clocks.";
        /// There are more than one request may tell.
        TooManyEvents = 413 "TOO_MANY_EVENTS", "Too many events", "Send at most 3000 events at once.";
        /// It is told of before it is marked.
        MailNotSentYet = 409 "MAIL_NOT_SENT_YET", "Mail not sent yet",
            "One of the mails is not marked as sent yet. What could be noted is; send all of it again.";
    }
}
