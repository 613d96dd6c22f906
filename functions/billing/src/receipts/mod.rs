//! Receipts: the numbered papers for money received or given back. Whatever books such money numbers its receipt in the same
//! transaction; here they are read.

mod code;
pub mod get_receipt;
pub mod list_receipts;
mod receipt;
pub mod verify_receipt;

pub use receipt::{Receipt, ReceiptKind, ReceiptStatus};
