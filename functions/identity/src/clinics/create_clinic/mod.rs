//! `POST /api/v1/clinics`: a clinic signs up.
//!
//! - **Does**: makes the clinic, its owner's account and membership, and signs the owner in. `Location` is where its
//!   people find it.
//! - **Caller**: anybody.
//! - **Writes**: `identity.clinics`, `identity.accounts`, `identity.memberships`, audit, outbox (`clinic.created`).
//! - **Atomic**: all of it, or nothing. Of two sign-ups with one address at once, one gets 409.
//! - **Fails**: `EMAIL_TAKEN`, and field rules; see [`schema`].
//! - **Round trips**: 2. Its limit is asked first. The password is hashed before the transaction, off the async threads.

mod db;
mod handler;
pub mod schema;

use shared::access::TokenSigner;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, RateClass, Reply, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// What one address may sign up.
const SIGN_UP: Rule = Rule::new("sign-up", 5, 3_600, Of::Address);

/// The declaration.
#[derive(Debug)]
pub struct CreateClinic;

impl Endpoint for CreateClinic {
    const NAME: &'static str = "create-clinic";
    const ROUTE: Route = Route::post("/api/v1/clinics");
    const POLICY: Policy = Policy::public()
        .signs_up()
        .audits("clinic.created", "clinic")
        .hashes_passwords()
        .limit(RateClass::Strict(&[SIGN_UP], Asked::First))
        .round_trips(2);
    const SUMMARY: &'static str = "Sign a clinic up";
    const DESCRIPTION: &'static str = "Makes the clinic and its owner's account, and signs the owner in. \
        One e-mail address is one account.";
    const SUCCESS: Success = Success::created();
    type Parts = TokenSigner;
    type Input = WithBody<schema::NewClinic>;
    type Output = Reply<schema::Session>;
    type Failure = schema::CreateClinicFailure;

    async fn handle(
        call: &Call<'_, TokenSigner>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
