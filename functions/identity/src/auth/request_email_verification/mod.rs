//! `request-email-verification`: asks a new owner, or whoever asks for it, to prove that the address is theirs.
//!
//! - **Does**: makes a token, keeps its hash, and puts a mail into the letter box; a link in the mail has the token.
//! - **Hears**: `clinic.created`, `account.email_verification_requested`. Does nothing for an address that is confirmed.
//! - **Reads**: `identity.clinics`, `identity.memberships`, `identity.accounts`.
//! - **Writes**: `identity.email_verifications`, `kernel.mails`, outbox (`mail.requested`), all with the inbox row.
//! - **Once**: the mail's key is the user, so a clinic gets one mail however often the event is replayed. Of those that are
//!   asked for, one is mailed in ten minutes: they are of its key, too.
//! - **Round trips**: 2. Names and language are read before the mail is written.

mod db;
mod handler;
mod logic;

use super::resend_email_verification::REQUESTED;
use shared::access::PublicUrl;
use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct RequestEmailVerification;

impl Consumer for RequestEmailVerification {
    const NAME: &'static str = "request-email-verification";
    const SUMMARY: &'static str = "Asks to confirm an address";
    const KINDS: &'static [&'static str] = &["clinic.created", REQUESTED];
    const ANNOUNCES: bool = true;
    type Parts = PublicUrl;

    async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
