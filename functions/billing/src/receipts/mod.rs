//! Receipts: the numbered papers for money received or given back. Whatever books such money numbers its receipt in the same
//! transaction; here they are made papers, and read.
//!
//! A paper is drawn from a document ([`Document`]): what it shows, as it was when somebody first needed it, signed, and kept
//! for ever.

mod code;
mod content;
mod document;
pub mod get_receipt;
mod letter;
pub mod list_receipts;
pub mod mail_receipt;
mod paper;
mod receipt;
pub mod render_receipt;
mod rendering;
mod signer;
pub mod verify_receipt;

pub use document::Document;
pub use paper::{attached, draw};
pub use receipt::{Receipt, ReceiptKind, ReceiptStatus};
pub use signer::ReceiptSigner;
