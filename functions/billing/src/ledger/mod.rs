//! The ledger. What its slices share: the direction and the means of a transfer.

pub mod create_transaction;
pub mod export_patient_ledger;
pub mod get_balance;
pub mod get_transaction;
pub mod transfer;
