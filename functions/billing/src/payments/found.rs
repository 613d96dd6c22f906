//! What was found out of a payment, and the statement that writes it.

use super::alarm::alarm;
use super::payment::Review;
use super::provider::{Action, Answer, Intent, Status, told};
use super::settling::{self, CARD_DECLINED, Failed, NOT_CHARGED, Step, Taken};
use super::standing::Standing;
use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use uuid::Uuid;

/// How long a card waits for its owner, who is at the clinic's own page.
pub(super) const CARD_WAITS: SignedDuration = SignedDuration::from_hours(1);

/// What was found out of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The money was taken.
    Taken(Taken),
    /// It was not.
    Failed(Failed),
    /// The provider has begun, under that id of its own.
    Begun(String),
    /// It waits for the customer, under that id, until that instant if the provider says so.
    Waits(String, Option<Timestamp>),
    /// A person must look, at that id of the provider's if there is one.
    Review(Review, Option<String>),
    /// Nothing yet.
    Later,
}

impl Found {
    /// What the provider's answer to a charge says.
    pub(super) fn of(answer: Answer) -> Self {
        match answer {
            Answer::Succeeded { intent } => Self::Taken(Taken { intent: Some(intent), amount: None }),
            Answer::Another { intent } => Self::Review(Review::AnotherAmount, intent),
            Answer::Pending { intent } => Self::Begun(intent),
            Answer::Waits { intent, action } => Self::Waits(intent, action.expires_at()),
            Answer::Declined { intent, decline_code, .. } => {
                Self::Failed(Failed { intent, ..declined(&decline_code) })
            }
            Answer::Refused { code } => Self::Failed(Failed { code, decline_code: None, intent: None }),
            Answer::Mismatch | Answer::NotSent { .. } | Answer::Unknown => Self::Later,
        }
    }

    /// What the provider's own record of a payment says.
    pub(super) fn read(intent: Intent, standing: &Standing) -> Self {
        let is_ours = intent.payment == Some(standing.id) && intent.clinic == Some(standing.clinic);
        let is_as_asked = is_as_asked(&intent, standing);
        match intent.status {
            Status::Succeeded if is_ours => {
                let amount = Some((intent.received_minor.unwrap_or(-1), intent.currency));
                Self::Taken(Taken { intent: Some(intent.id), amount })
            }
            Status::Canceled if is_ours && is_as_asked => Self::Failed(not_charged()),
            Status::RequiresPaymentMethod if is_ours && is_as_asked => {
                let code =
                    intent.failure.map_or_else(|| "unknown".to_owned(), |failure| failure.decline_code);
                Self::Failed(Failed { intent: Some(intent.id), ..declined(&code) })
            }
            Status::RequiresAction if is_ours && is_as_asked => {
                Self::Waits(intent.id, intent.action.as_ref().and_then(Action::expires_at))
            }
            Status::Processing | Status::RequiresConfirmation if is_ours && is_as_asked => Self::Later,
            _ => Self::Review(Review::AnotherAmount, Some(intent.id)),
        }
    }

    /// The statement that writes it, if there is something to write. Money of another amount than was asked for is not
    /// written as taken: a person must look.
    pub(super) fn statement(self, standing: &Standing, step: &Step) -> Option<Statement<()>> {
        let (clinic, payment) = (standing.clinic, standing.id);
        match self {
            Self::Taken(Taken { intent, amount: Some((minor, currency)) })
                if minor != standing.amount_minor || currency != standing.currency =>
            {
                Some(review(clinic, payment, Review::AnotherAmount, intent, step.at))
            }
            Self::Taken(taken) => Some(settling::settle(clinic, payment, taken, step)),
            Self::Failed(failed) => Some(settling::fail(clinic, payment, failed, step)),
            Self::Begun(intent) => Some(settling::note_intent(clinic, payment, intent, None, step.at)),
            Self::Waits(intent, until) => {
                let until = Some(until.unwrap_or(step.at + CARD_WAITS));
                Some(settling::note_intent(clinic, payment, intent, until, step.at))
            }
            Self::Review(why, intent) => Some(review(clinic, payment, why, intent, step.at)),
            Self::Later => None,
        }
    }
}

/// A person must look, and is told.
pub(super) fn review(
    clinic: Uuid,
    payment: Uuid,
    why: Review,
    intent: Option<String>,
    at: Timestamp,
) -> Statement<()> {
    alarm("review", clinic, payment, why.name());
    settling::review(clinic, payment, why, intent, at)
}

/// Nothing was charged, and nothing will be.
pub(super) fn not_charged() -> Failed {
    Failed { code: NOT_CHARGED.to_owned(), decline_code: None, intent: None }
}

/// The card was declined, by that code of the bank's.
pub(super) fn declined(code: &str) -> Failed {
    let decline_code = Some(told(code).to_owned());
    Failed { code: CARD_DECLINED.to_owned(), decline_code, intent: None }
}

/// Whether an intent has the amount that was asked for.
pub(super) fn is_as_asked(intent: &Intent, standing: &Standing) -> bool {
    intent.amount_minor == Some(standing.amount_minor) && intent.currency == standing.currency
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::{PaymentBy, PaymentStatus};

    fn standing() -> Standing {
        Standing {
            clinic: Uuid::from_u128(1),
            id: Uuid::from_u128(2),
            status: PaymentStatus::Pending,
            amount_minor: 500,
            currency: "BRL".to_owned(),
            account: None,
            method: PaymentBy::Card,
            card_token: Some("pm_card_visa".to_owned()),
            provider_payment: Some("pi_1".to_owned()),
            waiting_until: None,
            is_reviewed: false,
            failure_code: None,
            decline_code: None,
            created_at: Timestamp::UNIX_EPOCH,
            settled: None,
        }
    }

    fn step() -> Step {
        Step::new(Timestamp::UNIX_EPOCH, String::new(), || Uuid::from_u128(9)).unwrap()
    }

    fn written(found: Found) -> Option<String> {
        found.statement(&standing(), &step()).map(|statement| format!("{statement:?}"))
    }

    #[test]
    fn money_of_another_amount_or_currency_is_reviewed_and_never_booked() {
        let taken = |amount| Found::Taken(Taken { intent: Some("pi_1".to_owned()), amount });
        let settled = Some("Statement(billing.settle_payment)".to_owned());
        let reviewed = Some("Statement(billing.review_payment)".to_owned());
        assert_eq!(written(taken(None)), settled);
        assert_eq!(written(taken(Some((500, "BRL".to_owned())))), settled);
        assert_eq!(written(taken(Some((501, "BRL".to_owned())))), reviewed);
        assert_eq!(written(taken(Some((500, "EUR".to_owned())))), reviewed);
    }

    #[test]
    fn what_nobody_knows_writes_nothing() {
        for answer in [Answer::Unknown, Answer::Mismatch] {
            assert_eq!(Found::of(answer), Found::Later);
        }
        assert_eq!(written(Found::Later), None);
    }
}
