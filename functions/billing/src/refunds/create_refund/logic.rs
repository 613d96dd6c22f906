//! What follows from a refund as it stands.

use super::schema::{CreateRefundFailure, RefundOutcome};
use crate::refunds::RefundStatus;
use crate::refunds::standing::RefundStanding;
use jiff::{SignedDuration, Timestamp};

/// The longest life of a call: younger than this, a pending refund may be in the hands of the request that made it.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(10);

/// How a repetition goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// It has the final answer.
    Final(Result<RefundOutcome, CreateRefundFailure>),
    /// The first request may still be under way.
    InFlight,
    /// It goes on where the first one was lost.
    GoesOn,
}

/// How a repetition goes on, by the refund as it stands.
pub(super) fn repeated(standing: &RefundStanding, now: Timestamp) -> Repeated {
    if standing.status != RefundStatus::Pending {
        return Repeated::Final(told(standing));
    }
    let age = now.duration_since(standing.created_at);
    if age < IN_FLIGHT { Repeated::InFlight } else { Repeated::GoesOn }
}

/// The answer to a refund as it stands. Money that came back days later is not told here: the first answer stays.
pub(super) fn told(standing: &RefundStanding) -> Result<RefundOutcome, CreateRefundFailure> {
    match (&standing.settled, standing.status) {
        (Some(settled), _) => Ok(RefundOutcome {
            status: RefundStatus::Succeeded,
            transaction_id: Some(settled.transaction),
            receipt_id: Some(settled.receipt),
            receipt_number: Some(settled.receipt_number),
            balance_minor: Some(settled.balance_minor),
            ..pending(standing)
        }),
        (None, RefundStatus::Failed) => {
            Err(CreateRefundFailure::RefundRefused(standing.failure_code.clone().unwrap_or_default()))
        }
        (None, _) => Ok(pending(standing)),
    }
}

/// A refund of which nobody knows yet.
pub(super) fn pending(standing: &RefundStanding) -> RefundOutcome {
    let asked = &standing.asked;
    RefundOutcome {
        refund_id: asked.refund,
        id: asked.refund,
        payment_id: asked.payment,
        status: RefundStatus::Pending,
        amount_minor: asked.amount_minor,
        currency: asked.currency.clone(),
        transaction_id: None,
        receipt_id: None,
        receipt_number: None,
        balance_minor: None,
        created_at: standing.created_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::provider::RefundAsked;
    use crate::refunds::standing::SettledRefund;
    use uuid::Uuid;

    fn standing(status: RefundStatus, is_settled: bool) -> RefundStanding {
        let settled = SettledRefund {
            transaction: Uuid::from_u128(4),
            receipt: Uuid::from_u128(5),
            receipt_number: 2,
            balance_minor: -500,
        };
        RefundStanding {
            status,
            asked: RefundAsked {
                clinic: Uuid::from_u128(1),
                payment: Uuid::from_u128(2),
                refund: Uuid::from_u128(3),
                account: None,
                intent: "pi_1".to_owned(),
                amount_minor: 500,
                currency: "BRL".to_owned(),
            },
            provider_refund: None,
            failure_code: (status == RefundStatus::Failed).then(|| "charge_disputed".to_owned()),
            created_at: Timestamp::UNIX_EPOCH,
            settled: is_settled.then_some(settled),
        }
    }

    #[test]
    fn a_refund_that_failed_after_it_succeeded_has_its_first_answer() {
        let first = told(&standing(RefundStatus::Succeeded, true));
        assert_eq!(first.as_ref().map(|outcome| outcome.receipt_number), Ok(Some(2)));
        assert_eq!(told(&standing(RefundStatus::Failed, true)), first);
        let refused = CreateRefundFailure::RefundRefused("charge_disputed".to_owned());
        assert_eq!(told(&standing(RefundStatus::Failed, false)), Err(refused));
    }

    #[test]
    fn a_repetition_goes_on_once_the_first_request_is_over() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        let pending = standing(RefundStatus::Pending, false);
        assert_eq!(repeated(&pending, at(9_999)), Repeated::InFlight);
        assert_eq!(repeated(&pending, at(10_000)), Repeated::GoesOn);
        let settled = standing(RefundStatus::Succeeded, true);
        assert!(matches!(repeated(&settled, at(0)), Repeated::Final(Ok(_))));
    }
}
