//! `mail-session-alert`: tells an account by mail that a session of it was ended by a refresh token that came again, or that
//! a device of it was helped on with an old one.
//!
//! - **Does**: puts a mail into the letter box, in the language of the session's clinic. Nothing where nobody confirmed the
//!   address: it may be another one's than the account's maker, who could have it mailed to by presenting old tokens.
//! - **Hears**: `session.token_reused`, `session.helped_on`.
//! - **Reads**: `identity.sessions`, `identity.memberships`, `identity.accounts`, `identity.clinics`.
//! - **Writes**: `kernel.mails`, outbox (`mail.requested`), with the inbox row.
//! - **Once**: each happens once a session at most, and the mail's key is which of them, and the session.
//! - **Round trips**: 2. Names and language are read before the mail is written.

mod db;
mod handler;
mod logic;

use shared::background::{Consumer, Delivery, Halt};

/// The declaration.
#[derive(Debug)]
pub struct MailSessionAlert;

impl Consumer for MailSessionAlert {
    const NAME: &'static str = "mail-session-alert";
    const SUMMARY: &'static str = "Tells by mail that a session ended by a reused token, or was helped on";
    const KINDS: &'static [&'static str] = &["session.token_reused", "session.helped_on"];
    const ANNOUNCES: bool = true;
    type Parts = ();

    async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
        handler::take(delivery).await
    }
}
