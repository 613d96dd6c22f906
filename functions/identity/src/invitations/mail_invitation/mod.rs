//! `mail-invitation`: mails an invitation's link to whom it is for.
//!
//! - **Does**: makes a token, keeps its hash, and puts a mail into the letter box, in the clinic's language. For an
//!   invitation that is over meanwhile, nothing.
//! - **Hears**: `invitation.created`.
//! - **Reads**: `identity.invitations`, `identity.memberships`, `identity.clinics`.
//! - **Writes**: `identity.invitations`, `kernel.mails`, outbox (`mail.requested`), all with the inbox row.
//! - **Once**: the mail's key is the invitation. One that ends while the mail is made leaves a link that is good for nothing.
//! - **Round trips**: 2. Names and language are read before the mail is written.

mod db;
mod handler;
mod logic;

use crate::invitations::invitation::CREATED;
use shared::access::PublicUrl;
use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct MailInvitation;

impl Consumer for MailInvitation {
    const NAME: &'static str = "mail-invitation";
    const SUMMARY: &'static str = "Mails the link of an invitation";
    const KINDS: &'static [&'static str] = &[CREATED];
    const ANNOUNCES: bool = true;
    type Parts = PublicUrl;

    async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
