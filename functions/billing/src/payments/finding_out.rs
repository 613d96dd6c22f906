//! Finding out what became of a payment, without ever charging a card that was not charged: whoever got no answer may have
//! paid in cash since.
//!
//! A *fence* is a request under the payment's own key that takes no money. If the provider takes it, the key was free: nothing
//! was charged, and nothing will be, for a request that still arrives under this key now is another one. If the provider
//! refuses it, the first request ran: the same request again is answered by what it has stored.

use super::found::{CARD_WAITS, Found, is_as_asked, not_charged};
use super::payment::Review;
use super::provider::{Action, Answer, Fence, Intent, Provider, Status};
use super::settling::Failed;
use super::standing::Standing;
use jiff::{SignedDuration, Timestamp};
use shared::deadline::Deadline;

/// How long a key is good: the provider keeps it for 24 hours at least. Afterwards the same request would be a new one.
pub(crate) const KEY_LIVES: SignedDuration = SignedDuration::from_hours(23);

/// How long the provider may say nothing of a request that it has taken.
const SILENT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What is done with a payment that waits for its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// It waits on, unless its time is over.
    GoesOn,
    /// It is given up.
    Ends,
}

/// Asks the provider what became of a pending payment.
pub(super) async fn find_out(
    provider: &Provider,
    standing: &Standing,
    waiting: Waiting,
    now: Timestamp,
    deadline: Deadline,
) -> Found {
    match &standing.provider_payment {
        Some(intent) => look(provider, standing, intent, waiting, now, deadline).await.0,
        None => fence(provider, standing, waiting, now, deadline).await,
    }
}

/// Reads a payment that the provider has named; and what the customer has to do, if it waits for that.
pub(super) async fn look(
    provider: &Provider,
    standing: &Standing,
    intent: &str,
    waiting: Waiting,
    now: Timestamp,
    deadline: Deadline,
) -> (Found, Option<Action>) {
    let account = standing.account.as_deref();
    let Some(read) = provider.read(account, intent, deadline).await else {
        let is_lost = lost_at(standing) <= now;
        let lost = || Found::Review(Review::TooOld, Some(intent.to_owned()));
        return (if is_lost { lost() } else { Found::Later }, None);
    };
    let (ends, action) = (ends(&read, standing, waiting, now), read.action.clone());
    match Found::read(read, standing) {
        // While it is not cancelled, whoever has its client secret can still pay.
        _ if ends && !provider.cancel(account, intent, deadline).await => (Found::Later, None),
        Found::Waits(..) if ends => (Found::Failed(not_charged()), None),
        found => (found, action),
    }
}

/// When a payment that the provider does not show any more, because the account or our key is another one, is nobody's to wait
/// for: a person must look, and the patient's next card is not held up by it.
fn lost_at(standing: &Standing) -> Timestamp {
    let old = standing.created_at + KEY_LIVES;
    standing.waiting_until.map_or(old, |until| old.max(until + CARD_WAITS))
}

/// Finds out by the payment's own key.
async fn fence(
    provider: &Provider,
    standing: &Standing,
    waiting: Waiting,
    now: Timestamp,
    deadline: Deadline,
) -> Found {
    let age = now.duration_since(standing.created_at);
    if age >= KEY_LIVES {
        return Found::Review(Review::TooOld, None);
    }
    let Some(asked) = standing.asked() else { return Found::Later };
    match provider.fence(&asked, deadline).await {
        Fence::Free { intent } => {
            // It takes no money; this is to keep the provider's list clean.
            let _ = provider.cancel(standing.account.as_deref(), &intent, deadline).await;
            Found::Failed(not_charged())
        }
        Fence::Used => match provider.charge(&asked, deadline).await {
            Answer::Mismatch => Found::Review(Review::AnotherRequest, None),
            // It has kept an answer that says nothing, such as a 500, and will say nothing else.
            Answer::Unknown if age >= SILENT_FOR => Found::Review(Review::TooOld, None),
            Answer::Waits { intent, .. }
                if waiting == Waiting::Ends
                    && provider.cancel(standing.account.as_deref(), &intent, deadline).await =>
            {
                Found::Failed(not_charged())
            }
            answer => Found::of(answer),
        },
        Fence::Refused { code } => Found::Failed(Failed { code, decline_code: None, intent: None }),
        Fence::Later => Found::Later,
    }
}

/// Whether an intent that waited is to be cancelled: the customer has not done it in time, or was refused.
fn ends(intent: &Intent, standing: &Standing, waiting: Waiting, now: Timestamp) -> bool {
    let is_over = || waiting == Waiting::Ends || standing.waiting_until.is_some_and(|until| until <= now);
    let is_ended = match intent.status {
        Status::RequiresAction => is_over(),
        Status::RequiresPaymentMethod => standing.waiting_until.is_some(),
        _ => false,
    };
    is_ended && intent.payment == Some(standing.id) && is_as_asked(intent, standing)
}
