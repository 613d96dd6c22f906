//! The cards, and what each one does. The first table is the provider's own test cards
//! (<https://docs.stripe.com/testing>), the second one is the sandbox's: `pm_sandbox_…`, for what goes wrong on the way.
//! Each is also there as a token, with `tok_` instead of `pm_`.

use crate::status::Status;

/// What a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Card {
    /// The money is taken.
    Charged(Answered),
    /// The money is taken; what is given back of it is pending at first.
    RefundedLater,
    /// 200, but not with what was asked for.
    Odd(Odd),
    /// 402, with a code and a decline code.
    Declined(&'static str, &'static str),
    /// The customer has to authenticate.
    Asks,
    /// 200, and nobody knows yet, or the customer has to act, whatever the request said of that.
    Waits(Status),
    /// Nothing is taken.
    Untouched(Untouched),
}

/// How a charge is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// As it should be.
    Well,
    /// Not at all for 30 seconds; a repetition gets the intent.
    Silent,
    /// The connection closes; a repetition gets the intent.
    Lost,
    /// Half of the intent; a repetition gets all of it.
    Half,
    /// Late, after its event was there.
    Late,
    /// With a page of somebody in between; a repetition gets the intent.
    Html,
    /// With far too much; a repetition gets the intent.
    Huge,
    /// 500, and so is a repetition.
    ServerError,
}

/// What is not as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// One unit more is taken.
    Amount,
    /// It is taken in another currency.
    Currency,
    /// The status is one that nobody knows; nothing is taken.
    Status,
}

/// How a request ends that takes nothing and leaves no intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untouched {
    /// Not answered for 30 seconds, in which the key is in use; then it is free.
    Silent,
    /// The connection closes; a repetition runs anew.
    Lost,
    /// 302 to elsewhere; a repetition runs anew.
    Redirect,
    /// 500, kept under the key.
    ServerError,
    /// 429; a repetition runs anew.
    RateLimited,
    /// 400, kept under the key.
    TokenUsed,
    /// 400, kept under the key.
    AmountTooSmall,
}

const fn declined(decline_code: &'static str) -> Card {
    Card::Declined("card_declined", decline_code)
}

const OF_THE_PROVIDER: [(&str, Card); 12] = [
    ("visa", Card::Charged(Answered::Well)),
    ("mastercard", Card::Charged(Answered::Well)),
    ("chargeDeclined", declined("generic_decline")),
    ("chargeDeclinedInsufficientFunds", declined("insufficient_funds")),
    ("chargeDeclinedLostCard", declined("lost_card")),
    ("chargeDeclinedStolenCard", declined("stolen_card")),
    ("chargeDeclinedFraudulent", declined("fraudulent")),
    ("chargeDeclinedExpiredCard", Card::Declined("expired_card", "expired_card")),
    ("chargeDeclinedIncorrectCvc", Card::Declined("incorrect_cvc", "incorrect_cvc")),
    ("chargeDeclinedProcessingError", Card::Declined("processing_error", "processing_error")),
    ("pendingRefund", Card::RefundedLater),
    ("authenticationRequired", Card::Asks),
];

const OF_THE_SANDBOX: [(&str, Card); 19] = [
    ("chargedThenTimedOut", Card::Charged(Answered::Silent)),
    ("lost", Card::Charged(Answered::Lost)),
    ("half", Card::Charged(Answered::Half)),
    ("webhookFirst", Card::Charged(Answered::Late)),
    ("html", Card::Charged(Answered::Html)),
    ("huge", Card::Charged(Answered::Huge)),
    ("chargedServerError", Card::Charged(Answered::ServerError)),
    ("wrongAmount", Card::Odd(Odd::Amount)),
    ("wrongCurrency", Card::Odd(Odd::Currency)),
    ("unknownStatus", Card::Odd(Odd::Status)),
    ("processing", Card::Waits(Status::Processing)),
    ("requiresAction", Card::Waits(Status::RequiresAction)),
    ("timedOut", Card::Untouched(Untouched::Silent)),
    ("lostBefore", Card::Untouched(Untouched::Lost)),
    ("redirect", Card::Untouched(Untouched::Redirect)),
    ("serverError", Card::Untouched(Untouched::ServerError)),
    ("rateLimited", Card::Untouched(Untouched::RateLimited)),
    ("tokenUsed", Card::Untouched(Untouched::TokenUsed)),
    ("amountTooSmall", Card::Untouched(Untouched::AmountTooSmall)),
];

impl Card {
    /// The card of a payment method (`pm_…`) or a token (`tok_…`); none when there is no such card.
    pub(crate) fn named(id: &str) -> Option<Self> {
        let within = |table: &[(&str, Self)], name: &str| {
            table.iter().find(|(own, _)| *own == name).map(|(_, card)| *card)
        };
        if let Some(name) = id.strip_prefix("pm_sandbox_").or_else(|| id.strip_prefix("tok_sandbox_")) {
            return within(&OF_THE_SANDBOX, name);
        }
        let name = id.strip_prefix("pm_card_").or_else(|| id.strip_prefix("tok_"))?;
        within(&OF_THE_PROVIDER, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_there_as_a_payment_method_and_as_a_token() {
        for id in ["pm_card_visa", "tok_visa", "pm_card_mastercard"] {
            assert_eq!(Card::named(id), Some(Card::Charged(Answered::Well)), "{id}");
        }
        assert_eq!(Card::named("tok_chargeDeclined"), Some(declined("generic_decline")));
        assert_eq!(Card::named("pm_sandbox_lost"), Some(Card::Charged(Answered::Lost)));
        assert_eq!(Card::named("tok_sandbox_lost"), Some(Card::Charged(Answered::Lost)));
        for id in ["visa", "pm_visa", "pm_card_lost", "pm_sandbox_visa", "pm_1Ab", "tok_", ""] {
            assert_eq!(Card::named(id), None, "{id}");
        }
    }
}
