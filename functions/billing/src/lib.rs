//! billing: the ledger, and what hangs on it.
//!
//! | table | holds |
//! |---|---|
//! | `billing.transfers` | append-only: one row is one movement of money from a debit to a credit account |
//! | `billing.balances` | one row a patient, moved by atomic increments; positive when the patient is in credit |
//!
//! Events: `ledger.transaction_recorded`; `seq` is the transfer's place among the patient's. Consumers:
//! `export-patient-ledger`.

pub mod ledger;

use shared::access::{Permission, Role};
use shared::background::ConsumerDeclaration;
use shared::http::Declaration;
use shared::module::Module;

/// Reading what patients paid and owe.
pub const READ_TRANSACTIONS: Permission =
    Permission::new("transactions:read", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// Recording money taken or paid by hand.
pub const WRITE_TRANSACTIONS: Permission =
    Permission::new("transactions:write", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "billing",
        about: "Money: transactions and balances.",
        endpoints: vec![
            Declaration::of::<ledger::create_transaction::CreateTransaction>(),
            Declaration::of::<ledger::get_transaction::GetTransaction>(),
            Declaration::of::<ledger::get_balance::GetBalance>(),
        ],
        consumers: vec![ConsumerDeclaration::of::<ledger::export_patient_ledger::ExportPatientLedger>()],
        workers: Vec::new(),
    }
}
