//! `POST /api/v1/auth/email-verifications`: whoever did not get the mail that asks to confirm an address asks for another.
//!
//! - **Does**: announces it. `request-email-verification` mails a new link; not when the address is confirmed, and once in
//!   ten minutes.
//! - **Caller**: whoever is signed in, for its own address.
//! - **Writes**: outbox (`account.email_verification_requested`), audit.
//! - **Round trips**: 1.

mod db;

use http::StatusCode;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, NoInput, Policy, Response, Route, Success};

/// The event by which the consumer hears that a link is wanted.
pub const REQUESTED: &str = "account.email_verification_requested";

/// The declaration.
#[derive(Debug)]
pub struct ResendEmailVerification;

impl Endpoint for ResendEmailVerification {
    const NAME: &'static str = "resend-email-verification";
    const ROUTE: Route = Route::post("/api/v1/auth/email-verifications");
    const POLICY: Policy =
        Policy::signed_in().changes().audits("account.email_verification_requested", "account");
    const SUMMARY: &'static str = "Have the link to confirm the address mailed again";
    const DESCRIPTION: &'static str = "Nothing is mailed when the address is confirmed, or when the last link was asked for \
        less than ten minutes ago.";
    const SUCCESS: Success = Success::accepted_here();
    type Parts = ();
    type Input = NoInput;
    type Output = Response;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.write()?;
        tx.add(db::verification_requested(call)?);
        tx.add(db::audit_requested(call)?);
        tx.commit::<NoFailure>().await?;
        Ok(Response::empty(StatusCode::ACCEPTED))
    }
}
