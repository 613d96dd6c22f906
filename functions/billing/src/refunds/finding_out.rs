//! Carrying a refund on that is pending, and what was found out of it.

use super::noting;
use super::settling::{self, Booked};
use super::standing::RefundStanding;
use crate::payments::KEY_LIVES;
use crate::payments::alarm::alarm;
use crate::payments::provider::{MadeRefund, Provider, RefundAnswer, RefundState};
use crate::payments::settling::Step;
use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use shared::deadline::Deadline;
use uuid::Uuid;

/// The failure of a refund of which the provider has nothing, a day after it was asked for.
const NOT_REFUNDED: &str = "NOT_REFUNDED";

/// How long the provider may fail at a refund before its list is asked.
const BROKEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What was found out of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundRefund {
    /// The provider has it, as far as it says.
    Made(MadeRefund),
    /// Nothing was given back, and nothing will be, for that reason.
    Failed(String),
    /// Nothing yet.
    Later,
}

impl FoundRefund {
    /// What the provider's answer says.
    pub(crate) fn of(answer: RefundAnswer, clinic: Uuid, payment: Uuid) -> Self {
        match answer {
            RefundAnswer::Made(made) => Self::Made(made),
            RefundAnswer::Refused { code } => Self::Failed(code),
            RefundAnswer::Broken => Self::Later,
            RefundAnswer::Unknown { alarm: needs_somebody } => {
                if needs_somebody {
                    alarm(
                        "refund_not_understood",
                        clinic,
                        payment,
                        "the provider answers otherwise than is known",
                    );
                }
                Self::Later
            }
        }
    }

    /// The statements that write it, of our refund; none where there is nothing to write.
    pub(crate) fn statements(self, standing: &RefundStanding, step: &Step) -> Vec<Statement<()>> {
        let asked = &standing.asked;
        match self {
            Self::Made(made) => made_statements(asked.clinic, asked.payment, Some(asked.refund), made, step),
            Self::Failed(code) => {
                let of = Booked { refund: Some(asked.refund), provider: None };
                vec![
                    settling::lock_payment(asked.clinic, asked.payment),
                    settling::fail(asked.clinic, asked.payment, of, code, step),
                ]
            }
            Self::Later => Vec::new(),
        }
    }
}

/// The statements that write how far the provider is with a refund; of ours, or of one that it has told of first.
pub(crate) fn made_statements(
    clinic: Uuid,
    payment: Uuid,
    refund: Option<Uuid>,
    made: MadeRefund,
    step: &Step,
) -> Vec<Statement<()>> {
    let of = Booked { refund, provider: Some(made.id) };
    let written = match made.status {
        RefundState::Succeeded => {
            settling::settle(clinic, payment, of, made.amount_minor.unwrap_or(-1), made.currency, step)
        }
        RefundState::Failed => settling::fail(clinic, payment, of, made.failure, step),
        RefundState::Pending => noting::note_id(clinic, payment, of, step.at),
        RefundState::Unknown => {
            alarm(
                "refund_not_understood",
                clinic,
                payment,
                "the provider tells of a state that is not known",
            );
            return Vec::new();
        }
    };
    vec![settling::lock_payment(clinic, payment), written]
}

/// Carries a pending refund on. While the provider keeps the key, the same request again gives nothing more; afterwards it
/// would be a new one, so its list says whether there is such a refund; likewise where it has failed at it for long.
pub(crate) async fn find_out(
    provider: &Provider,
    standing: &RefundStanding,
    now: Timestamp,
    deadline: Deadline,
) -> FoundRefund {
    let asked = &standing.asked;
    if let Some(id) = &standing.provider_refund {
        let read = provider.read_refund(asked, id, deadline).await;
        return read.map_or(FoundRefund::Later, FoundRefund::Made);
    }
    let age = now.duration_since(standing.created_at);
    if age < KEY_LIVES {
        match provider.refund(asked, deadline).await {
            // It answers the key so for a day, and does nothing more under it.
            RefundAnswer::Broken if age >= BROKEN_FOR => {}
            answer => return FoundRefund::of(answer, asked.clinic, asked.payment),
        }
    }
    let listed = provider.refunds_of(asked.account.as_deref(), &asked.intent, deadline).await;
    let is_it = |made: &MadeRefund| made.refund == Some(asked.refund) && made.clinic == Some(asked.clinic);
    match listed.map(|all| all.into_iter().find(is_it)) {
        Some(Some(made)) => FoundRefund::Made(made),
        Some(None) => FoundRefund::Failed(NOT_REFUNDED.to_owned()),
        None => FoundRefund::Later,
    }
}
