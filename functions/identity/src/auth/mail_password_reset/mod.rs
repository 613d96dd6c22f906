//! `mail-password-reset`: mails a link to choose a new password to whoever has an account at the address.
//!
//! - **Does**: looks the account up, makes a token, keeps its hash, ends the links of before, and puts a mail into the letter
//!   box, in the language of the newest clinic. For an address without an account, nothing.
//! - **Hears**: `account.password_reset_requested`, of no clinic: whose the address is, is found out here.
//! - **Reads**: `identity.password_reset_requests`, `identity.accounts`, and the account's own memberships and clinics.
//! - **Writes**: `identity.password_resets`, `kernel.mails`, outbox (`mail.requested`), all with the inbox row; deletes the
//!   request, and with it the address.
//! - **Once**: the mail's key is the request. Of two requests at once, the newer link is the one that is good.
//! - **Round trips**: 2. Names and language are read before the mail is written.

mod db;
mod handler;
mod logic;

use shared::access::PublicUrl;
use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct MailPasswordReset;

impl Consumer for MailPasswordReset {
    const NAME: &'static str = "mail-password-reset";
    const SUMMARY: &'static str = "Mails a link to choose a new password";
    const KINDS: &'static [&'static str] = &["account.password_reset_requested"];
    const ANNOUNCES: bool = true;
    type Parts = PublicUrl;

    async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
