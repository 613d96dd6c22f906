//! Disputes: the card's owner has gone to the bank, which takes the money back, and decides. Nothing here asks for any of it: the
//! provider tells. Its events come in any order and any number of times; each hangs on the one row that it moves.

mod booking;
mod standing;

use crate::payments::settling::Step;
use booking::{Way, book};
use shared::database::Statement;
use uuid::Uuid;

/// A dispute, as the provider tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The provider's id.
    pub(crate) id: String,
    /// In minor units of ISO 4217, of the payment's currency.
    pub(crate) amount_minor: i64,
    /// The currency, ISO 4217.
    pub(crate) currency: String,
    /// Why, by the provider's code.
    pub(crate) reason: String,
    /// What happened.
    pub(crate) what: What,
}

/// What happened to a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It was opened.
    Opened,
    /// The bank has taken the money.
    Withdrawn,
    /// The money came back.
    Reinstated,
    /// The bank has decided for the clinic.
    Won,
    /// The bank has decided for the card's owner.
    Lost,
}

/// The statements that write it, in their order: the payment is locked, the dispute is there from then on, and what happened is
/// written once. Fail by `dispute_in_its_currency` where the bank speaks of another currency than the payment's.
pub(crate) fn statements(
    clinic: Uuid,
    payment: Uuid,
    told: &Told,
    dispute: Uuid,
    step: &Step,
) -> Vec<Statement<()>> {
    let mut all =
        vec![standing::hold(clinic, payment, told), standing::open(clinic, payment, told, dispute, step)];
    match told.what {
        What::Opened => {}
        What::Withdrawn => all.push(book(clinic, told, Way::Withdrawn, step)),
        What::Reinstated => all.push(book(clinic, told, Way::Reinstated, step)),
        What::Won => all.push(standing::close(clinic, told, "won", step)),
        What::Lost => all.push(standing::close(clinic, told, "lost", step)),
    }
    all
}
