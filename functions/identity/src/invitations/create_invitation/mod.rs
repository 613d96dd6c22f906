//! `POST /api/v1/invitations`: somebody is invited to work in the clinic.
//!
//! - **Does**: notes who is invited as what, and announces it; `mail-invitation` mails the link. An open invitation of the
//!   same address is replaced, and its link ends.
//! - **Caller**: who holds `users:write`, signed in at a confirmed address. An `Idempotency-Key` is honoured when sent.
//! - **Writes**: `identity.invitations`, audit, outbox (`invitation.created`).
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing. Invitations of a clinic are made one after
//!   the other: of two at once of one address, the later is open.
//! - **Fails**: `ALREADY_A_MEMBER`, also of a disabled one, and field rules; see [`schema`]. An owner is not invited.
//! - **Round trips**: 2. Its limits are asked first: each invitation is a mail to a stranger.

mod db;
mod handler;
pub mod schema;

use super::Invitation;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, RateClass, Reply, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// What one member may invite.
const INVITATION: Rule = Rule::new("invitation", 30, 3_600, Of::Member);

/// What is mailed to one address by everybody together. Nobody is told what is left: it would say what others invite.
const INVITED: Rule = Rule::new("invited", 5, 3_600, Of::Named).untold();

/// The declaration.
#[derive(Debug)]
pub struct CreateInvitation;

impl Endpoint for CreateInvitation {
    const NAME: &'static str = "create-invitation";
    const ROUTE: Route = Route::post("/api/v1/invitations");
    const POLICY: Policy = Policy::requires(crate::WRITE_USERS)
        .verified()
        .idempotency(Idempotency::Accepted)
        .audits("invitation.created", "invitation")
        .limit(RateClass::Strict(&[INVITED, INVITATION], Asked::First))
        .round_trips(2);
    const SUMMARY: &'static str = "Invite somebody to work in the clinic";
    const DESCRIPTION: &'static str = "A link is mailed, by which the person chooses a password and is in. It is good once, \
        for seven days, while whoever invites may do so. Inviting the same address again replaces the invitation. Owners are \
        not invited: make one of a member.";
    const SUCCESS: Success =
        Success::created_here().links_to(&[Link::new("/api/v1/invitations/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithBody<schema::NewInvitation>;
    type Output = Reply<Invitation>;
    type Failure = schema::CreateInvitationFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
