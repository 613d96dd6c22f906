//! Refunds: money of a payment that is given back, by the payment provider.
//!
//! A refund is a row before the provider hears of it, its amount is reserved of the payment, and its id is the provider's
//! idempotency key. It is decided once it is asked for: whoever finds it pending, the caller who repeats or the sweeper, asks
//! for it again, and the reply, the provider's event and the sweeper write what became of it by the same statements
//! (`settling.rs`). One that had succeeded may fail days later: then the money comes back.

pub mod create_refund;
mod finding_out;
pub mod get_refund;
pub mod list_refunds;
pub(crate) mod noting;
pub mod refund;
pub(crate) mod settling;
pub(crate) mod standing;

pub(crate) use finding_out::{FoundRefund, find_out, made_statements};
pub use refund::{Refund, RefundStatus};
