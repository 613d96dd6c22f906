//! From the request's transaction to the row's transfer.

use super::schema::NewTransaction;
use crate::ledger::transfer::{Kind, Method};
use crate::payer::Payer;
use jiff::civil::Date;
use uuid::Uuid;

/// A transfer ready to be written.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) patient: Uuid,
    pub(super) kind: Kind,
    pub(super) debit: &'static str,
    pub(super) credit: &'static str,
    pub(super) amount_minor: i64,
    /// The change of the patient's balance, in minor units.
    pub(super) delta_minor: i64,
    pub(super) currency: String,
    /// Where money moves.
    pub(super) method: Option<Method>,
    pub(super) description: Option<String>,
    /// The thing outside that is charged for.
    pub(super) source: Option<Uuid>,
    /// None: today.
    pub(super) occurred_on: Option<Date>,
    pub(super) payer: Option<Payer>,
}

impl Transfer {
    /// Whether money came in, for which there is a receipt.
    pub(super) fn has_receipt(&self) -> bool {
        self.kind == Kind::Income
    }
}

/// The requested transfer; `None` for an amount that no balance can hold.
pub(super) fn transfer(new: NewTransaction) -> Option<Transfer> {
    let (debit, credit) = new.kind.accounts();
    Some(Transfer {
        patient: new.patient_id.into(),
        kind: new.kind,
        debit,
        credit,
        amount_minor: new.amount_minor,
        delta_minor: new.kind.moves_balance_by(new.amount_minor)?,
        currency: new.currency.into_string(),
        method: new.method,
        description: new.description.map(String::from),
        source: new.source.map(|source| source.id.into()),
        occurred_on: new.occurred_on.map(Date::from),
        payer: new.payer,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::{NewSource, NewSourceKind};
    use super::*;
    use shared::validation::Text;

    fn asked(kind: Kind, amount_minor: i64) -> NewTransaction {
        NewTransaction {
            patient_id: Uuid::from_u128(1).into(),
            kind,
            amount_minor,
            currency: Text::try_from("BRL").unwrap(),
            method: Some(Method::Cash),
            description: None,
            source: None,
            occurred_on: None,
            payer: None,
        }
    }

    #[test]
    fn income_credits_the_patient_raises_the_balance_and_has_a_receipt() {
        let transfer = transfer(asked(Kind::Income, 500)).unwrap();
        assert_eq!((transfer.debit, transfer.credit, transfer.delta_minor), ("cash", "patient", 500));
        assert!(transfer.has_receipt());
    }

    #[test]
    fn expense_debits_the_patient_and_lowers_the_balance() {
        let transfer = transfer(asked(Kind::Expense, 500)).unwrap();
        assert_eq!((transfer.debit, transfer.credit, transfer.delta_minor), ("patient", "cash", -500));
        assert!(!transfer.has_receipt());
    }

    #[test]
    fn a_charge_debits_the_patient_for_what_was_done_and_moves_no_money() {
        let source = NewSource { kind: NewSourceKind::External, id: Uuid::from_u128(2).into() };
        let asked = NewTransaction { method: None, source: Some(source), ..asked(Kind::Charge, 500) };
        let transfer = transfer(asked).unwrap();
        assert_eq!((transfer.debit, transfer.credit, transfer.delta_minor), ("patient", "revenue", -500));
        assert_eq!((transfer.method, transfer.source), (None, Some(Uuid::from_u128(2))));
        assert!(!transfer.has_receipt() && !transfer.kind.moves_money());
    }

    #[test]
    fn an_amount_that_cannot_be_negated_is_no_transfer() {
        assert!(transfer(asked(Kind::Expense, i64::MIN)).is_none());
    }
}
