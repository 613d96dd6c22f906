//! `send-mail`: hands the mails of the letter box to the mail gateway.
//!
//! - **Does**: leases a mail, sends it outside any transaction, marks it and erases its content.
//! - **Hears**: `mail.requested`, of all modules.
//! - **Writes**: `kernel.mails`. A mail that was sent, or refused for good with a code, keeps state, times and the
//!   provider's id.
//! - **Once**: while the lease runs nobody else sends the mail; the mark stands with the inbox row. A process that dies
//!   between sending and marking leaves the lease to run out, and the mail is sent again: the same message with the
//!   same id, which a file or SendGrid's recipient recognises and SES's does not (`docs/mail.md`).
//! - **Failures**: a failure that may pass ends the lease at once, and the event is tried again. After the last attempt
//!   the event is a dead letter, and the mail waits, whole, for its replay.
//! - **Round trips**: 2: lease, mark.

mod db;
mod handler;
mod logic;

use shared::background::{Consumer, Delivery, Halt};
use shared::mail::Mail;

/// The declaration.
#[derive(Debug)]
pub struct SendMail;

impl Consumer for SendMail {
    const NAME: &'static str = "send-mail";
    const SUMMARY: &'static str = "Sends what is in the letter box";
    const KINDS: &'static [&'static str] = &["mail.requested"];
    type Parts = Mail;

    async fn take(delivery: &Delivery<'_, Mail>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
