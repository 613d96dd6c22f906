//! `DELETE /api/v1/invitations/{id}`: an invitation is withdrawn, and its link ends.
//!
//! - **Caller**: who holds `users:write`.
//! - **Writes**: `identity.invitations`, audit.
//! - **Atomic**: of two requests at once, one gets 404; of a withdrawal and an acceptance, one wins.
//! - **Fails**: `INVITATION_NOT_FOUND`, alike for one that is over, another clinic's and an unknown one.
//! - **Round trips**: 1.

mod db;

use crate::invitations::invitation::INVITATION_NOT_FOUND;
use http::StatusCode;
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Policy, Response, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct DeleteInvitation;

failures! {
    /// How withdrawing an invitation can fail.
    pub enum DeleteInvitationFailure {
        /// The clinic has no such invitation, or it is over.
        InvitationNotFound = INVITATION_NOT_FOUND, violates ["invitation_is_open"];
    }
}

impl Endpoint for DeleteInvitation {
    const NAME: &'static str = "delete-invitation";
    const ROUTE: Route = Route::delete("/api/v1/invitations/{id}");
    const POLICY: Policy =
        Policy::requires(crate::WRITE_USERS).changes().audits("invitation.withdrawn", "invitation");
    const SUMMARY: &'static str = "Withdraw an invitation";
    const DESCRIPTION: &'static str =
        "Its link is good for nothing any more. Who has taken it is a user: disable the user.";
    const SUCCESS: Success = Success::no_content();
    type Parts = ();
    type Input = WithId;
    type Output = Response;
    type Failure = DeleteInvitationFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let id = input.path.id.into();
        let mut tx = call.write()?;
        tx.add(db::withdraw(call.principal()?.clinic_id, id, call.now));
        tx.add(call.audit(id)?);
        tx.commit::<DeleteInvitationFailure>().await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }
}
