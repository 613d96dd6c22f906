//! The ledger. Its slices share the parts of a transfer, and the problem of an unknown patient.

pub mod create_transaction;
pub mod export_patient_ledger;
pub mod get_balance;
pub mod get_transaction;
pub mod list_patient_transactions;
pub mod list_transactions;
mod listing;
pub mod reverse_transaction;
pub mod transaction;
pub mod transfer;

use shared::failure::Problem;

/// An unknown patient, or an archived one. Billing and patients have the same text for it, which a check compares.
pub(crate) const PATIENT_NOT_FOUND: Problem = Problem::new(
    404,
    "PATIENT_NOT_FOUND",
    "No such patient",
    "This clinic has no patient with this id, or the patient is archived and cannot be read or edited.",
);

/// The patient's last movement has a time that is yet to come, by this server's clock. The order of a patient's movements is
/// that of their times, so none is written before it.
pub(crate) const CLOCKS_DISAGREE: Problem = Problem::new(
    503,
    "CLOCKS_DISAGREE",
    "Clocks disagree",
    "By this server's clock the patient's last transaction is more than five seconds ahead. Nothing was changed. Repeat after the time in Retry-After.",
);
