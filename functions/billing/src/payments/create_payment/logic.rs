//! What follows from the provider's answer and from a payment as it stands.

use super::schema::{CreatePaymentFailure, PaymentOutcome};
use crate::payments::finding_out::KEY_LIVES;
use crate::payments::found::Found;
use crate::payments::next_action::NextAction;
use crate::payments::provider::{Action, Answer, currency};
use crate::payments::settling::{CARD_DECLINED, Failed, NOT_CHARGED, NOT_SENT, PIX_NOT_PAID};
use crate::payments::standing::Standing;
use crate::payments::{PaymentBy, PaymentStatus};
use jiff::{SignedDuration, Timestamp};

/// The longest life of a call: younger than this, a pending payment may be in the hands of the request that made it.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(10);

/// Whether anything may have been sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// This is the request that made the payment.
    First,
    /// Another one made it, and was lost on its way.
    Again,
}

/// What follows from the provider's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// This is written.
    Write(Found),
    /// Nobody was asked: the payment fails, and its key is free again.
    GiveUp,
}

/// What follows from the provider's answer. What was not sent now may have been sent by a lost request before.
pub(super) fn consequence(answer: Answer, attempt: Attempt) -> Consequence {
    match (answer, attempt) {
        (Answer::NotSent { .. }, Attempt::First) => Consequence::GiveUp,
        (answer, _) => Consequence::Write(Found::of(answer)),
    }
}

/// How a repetition goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// It has the final answer.
    Final(Result<PaymentOutcome, CreatePaymentFailure>),
    /// The first request may still be under way.
    InFlight,
    /// It goes on where the first one was lost.
    GoesOn,
    /// A person must look: nobody asks for the money again.
    Waits(PaymentOutcome),
    /// The customer has something to do: the provider says what.
    Asks,
}

/// How a repetition goes on, by the payment as it stands.
pub(super) fn repeated(standing: &Standing, now: Timestamp) -> Repeated {
    if standing.status != PaymentStatus::Pending {
        return Repeated::Final(told(standing));
    }
    if standing.waiting_until.is_some() && !standing.is_reviewed {
        return Repeated::Asks;
    }
    let age = now.duration_since(standing.created_at);
    if age < IN_FLIGHT {
        return Repeated::InFlight;
    }
    let is_askable = standing.asked().is_some() && age < KEY_LIVES;
    if is_askable { Repeated::GoesOn } else { Repeated::Waits(pending(standing)) }
}

/// The answer to a payment as it stands.
pub(super) fn told(standing: &Standing) -> Result<PaymentOutcome, CreatePaymentFailure> {
    match (standing.status, &standing.settled) {
        (PaymentStatus::Succeeded, Some(settled)) => Ok(PaymentOutcome {
            transaction_id: Some(settled.transaction),
            receipt_id: Some(settled.receipt),
            receipt_number: Some(settled.receipt_number),
            status: PaymentStatus::Succeeded,
            balance_minor: Some(settled.balance_minor),
            settled_at: Some(settled.at),
            ..pending(standing)
        }),
        (PaymentStatus::Failed, _) => Err(refused(standing)),
        _ => Ok(pending(standing)),
    }
}

fn refused(standing: &Standing) -> CreatePaymentFailure {
    let code = standing.failure_code.as_deref().unwrap_or_default();
    match code {
        CARD_DECLINED => {
            let code = standing.decline_code.as_deref().unwrap_or("generic_decline");
            CreatePaymentFailure::CardDeclined(code.to_owned())
        }
        NOT_CHARGED | PIX_NOT_PAID => CreatePaymentFailure::PaymentNotCharged,
        NOT_SENT => CreatePaymentFailure::ProviderUnavailable,
        code => CreatePaymentFailure::PaymentRefused(code.to_owned()),
    }
}

/// A payment of which nobody knows yet.
pub(super) fn pending(standing: &Standing) -> PaymentOutcome {
    PaymentOutcome {
        payment_id: standing.id,
        id: standing.id,
        transaction_id: None,
        receipt_id: None,
        receipt_number: None,
        status: PaymentStatus::Pending,
        amount_minor: standing.amount_minor,
        currency: standing.currency.clone(),
        balance_minor: None,
        created_at: standing.created_at,
        settled_at: None,
        next_action: None,
    }
}

/// A payment that is pending, with what the customer has to do, if anything.
pub(super) fn asking(
    outcome: PaymentOutcome,
    action: Option<&Action>,
    until: Option<Timestamp>,
) -> PaymentOutcome {
    let action = action.zip(until).filter(|_| outcome.status == PaymentStatus::Pending);
    PaymentOutcome { next_action: action.map(|(action, until)| NextAction::of(action, until)), ..outcome }
}

/// Money is not taken in this way in that currency: cards by what the provider has, Pix in reais.
pub(super) fn is_chargeable(method: PaymentBy, currency: &str, amount_minor: i64) -> bool {
    let is_of_the_method = method == PaymentBy::Card || currency == "BRL";
    is_of_the_method && currency::to_provider(currency, amount_minor).is_some()
}

/// The failure of a payment that nobody was asked for.
pub(super) fn not_sent() -> Failed {
    Failed { code: NOT_SENT.to_owned(), decline_code: None, intent: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::standing::Settled;
    use std::time::Duration;
    use uuid::Uuid;

    fn standing(status: PaymentStatus, age: i64) -> Standing {
        Standing {
            clinic: Uuid::from_u128(1),
            id: Uuid::from_u128(2),
            status,
            amount_minor: 500,
            currency: "BRL".to_owned(),
            account: None,
            method: PaymentBy::Card,
            card_token: (status == PaymentStatus::Pending).then(|| "pm_card_visa".to_owned()),
            provider_payment: None,
            waiting_until: None,
            is_reviewed: false,
            failure_code: None,
            decline_code: None,
            created_at: at(-age),
            settled: None,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_255_200 + seconds).unwrap()
    }

    #[test]
    fn what_was_not_sent_frees_the_key_at_first_and_says_nothing_later() {
        let not_sent = || Answer::NotSent { wait: Duration::from_secs(30), alarm: false };
        assert_eq!(consequence(not_sent(), Attempt::First), Consequence::GiveUp);
        assert_eq!(consequence(not_sent(), Attempt::Again), Consequence::Write(Found::Later));
    }

    #[test]
    fn what_the_customer_has_to_do_is_told_while_it_is_pending_and_somebody_waits() {
        let action = Action::PayPix { qr_code: "0002".to_owned(), expires_at: at(60) };
        let asked = || pending(&standing(PaymentStatus::Pending, 0));
        let told = asking(asked(), Some(&action), Some(at(60))).next_action.unwrap();
        assert_eq!((told.qr_code.as_deref(), told.expires_at), (Some("0002"), at(60)));
        assert_eq!(asking(asked(), Some(&action), None).next_action, None);
        assert_eq!(asking(asked(), None, Some(at(60))).next_action, None);
        let booked = PaymentOutcome { status: PaymentStatus::Succeeded, ..asked() };
        assert_eq!(asking(booked, Some(&action), Some(at(60))).next_action, None);
    }

    #[test]
    fn a_pix_is_in_reais_and_a_card_in_what_the_provider_has() {
        for (method, currency, minor, is_chargeable_so) in [
            (PaymentBy::Pix, "BRL", 1, true),
            (PaymentBy::Pix, "EUR", 1, false),
            (PaymentBy::Card, "EUR", 1, true),
            (PaymentBy::Card, "ISK", 150, true),
            (PaymentBy::Card, "XXX", 1, false),
        ] {
            assert_eq!(is_chargeable(method, currency, minor), is_chargeable_so, "{method:?} {currency}");
        }
    }

    #[test]
    fn who_was_not_asked_is_told_so() {
        let failed = not_sent();
        assert_eq!((failed.code.as_str(), failed.decline_code, failed.intent), (NOT_SENT, None, None));
    }

    #[test]
    fn a_repetition_waits_ten_seconds_then_goes_on_and_has_what_is_final() {
        assert_eq!(repeated(&standing(PaymentStatus::Pending, 9), at(0)), Repeated::InFlight);
        assert_eq!(repeated(&standing(PaymentStatus::Pending, 10), at(0)), Repeated::GoesOn);
        let looked_at = Standing { card_token: None, ..standing(PaymentStatus::Pending, 10) };
        assert_eq!(repeated(&looked_at, at(0)), Repeated::Waits(pending(&looked_at)));
        // The provider may have forgotten its key: the same request would charge once more.
        let day = 23 * 60 * 60;
        let old = standing(PaymentStatus::Pending, day);
        assert_eq!(repeated(&old, at(0)), Repeated::Waits(pending(&old)));
        assert_eq!(repeated(&standing(PaymentStatus::Pending, day - 1), at(0)), Repeated::GoesOn);
        let asked = Standing { waiting_until: Some(at(60)), ..standing(PaymentStatus::Pending, 1) };
        assert_eq!(repeated(&asked, at(0)), Repeated::Asks);
        let failed = |code: &str, decline: Option<&str>| Standing {
            failure_code: Some(code.to_owned()),
            decline_code: decline.map(str::to_owned),
            ..standing(PaymentStatus::Failed, 0)
        };
        let of = |code, decline| match repeated(&failed(code, decline), at(0)) {
            Repeated::Final(Err(failure)) => failure,
            other => panic!("{other:?}"),
        };
        let declined = CreatePaymentFailure::CardDeclined("insufficient_funds".to_owned());
        assert_eq!(of("CARD_DECLINED", Some("insufficient_funds")), declined);
        assert_eq!(of("NOT_CHARGED", None), CreatePaymentFailure::PaymentNotCharged);
        assert_eq!(of("PIX_NOT_PAID", None), CreatePaymentFailure::PaymentNotCharged);
        assert_eq!(of("NOT_SENT", None), CreatePaymentFailure::ProviderUnavailable);
        let refused = CreatePaymentFailure::PaymentRefused("resource_missing".to_owned());
        assert_eq!(of("resource_missing", None), refused);
    }

    #[test]
    fn a_payment_that_succeeded_is_told_by_what_was_booked() {
        let settled = Settled {
            transaction: Uuid::from_u128(3),
            receipt: Uuid::from_u128(4),
            receipt_number: 7,
            balance_minor: -20,
            at: at(1),
        };
        let standing = Standing { settled: Some(settled), ..standing(PaymentStatus::Succeeded, 0) };
        let told = told(&standing).unwrap();
        assert_eq!(
            (told.receipt_number, told.balance_minor, told.settled_at),
            (Some(7), Some(-20), Some(at(1)))
        );
        assert_eq!((told.status, told.id), (PaymentStatus::Succeeded, told.payment_id));
    }
}
