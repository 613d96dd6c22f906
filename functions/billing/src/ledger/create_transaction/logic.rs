//! From the request's transaction to the row's transfer.

use super::schema::NewTransaction;
use crate::ledger::transfer::{Kind, Method};
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
    pub(super) method: Method,
    pub(super) description: Option<String>,
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::validation::Text;

    fn asked(kind: Kind, amount_minor: i64) -> NewTransaction {
        NewTransaction {
            patient_id: Uuid::from_u128(1).into(),
            kind,
            amount_minor,
            currency: Text::try_from("BRL").unwrap(),
            method: Method::Cash,
            description: None,
        }
    }

    #[test]
    fn income_credits_the_patient_and_raises_the_balance() {
        let transfer = transfer(asked(Kind::Income, 500)).unwrap();
        assert_eq!((transfer.debit, transfer.credit, transfer.delta_minor), ("cash", "patient", 500));
    }

    #[test]
    fn expense_debits_the_patient_and_lowers_the_balance() {
        let transfer = transfer(asked(Kind::Expense, 500)).unwrap();
        assert_eq!((transfer.debit, transfer.credit, transfer.delta_minor), ("patient", "cash", -500));
    }

    #[test]
    fn an_amount_that_cannot_be_negated_is_no_transfer() {
        assert!(transfer(asked(Kind::Expense, i64::MIN)).is_none());
    }
}
