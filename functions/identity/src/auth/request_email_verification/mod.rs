//! `request-email-verification`: asks a new owner to prove that the address is theirs.
//!
//! - **Does**: makes a token, keeps its hash, and puts a mail into the letter box; a link in the mail has the token.
//! - **Hears**: `clinic.created`.
//! - **Reads**: `identity.clinics`, `identity.memberships`, `identity.accounts`.
//! - **Writes**: `identity.email_verifications`, `kernel.mails`, outbox (`mail.requested`), all with the inbox row.
//! - **Once**: the mail's key is the user, so a clinic gets one mail however often the event is replayed.
//! - **Round trips**: 2. Names and language are read before the mail is written.

mod db;
mod handler;
mod logic;

use shared::access::PublicUrl;
use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct RequestEmailVerification;

impl Consumer for RequestEmailVerification {
    const NAME: &'static str = "request-email-verification";
    const SUMMARY: &'static str = "Asks a new owner to confirm their address";
    const KINDS: &'static [&'static str] = &["clinic.created"];
    const ANNOUNCES: bool = true;
    type Parts = PublicUrl;

    async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
