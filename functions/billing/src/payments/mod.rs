//! Payments by card and by Pix: what is asked of the payment provider, what becomes of it, and how the one is held against the other.
//!
//! A payment is a row before the provider hears of it, and its id is the provider's idempotency key. So whoever finds it
//! pending, the caller who repeats, the provider's event or the sweeper, can find out what became of it, and all of them
//! write it by the same statements (`settling.rs`).

pub(crate) mod alarm;
pub mod cancel_payment;
mod card;
pub mod create_payment;
mod finding_out;
mod found;
pub mod get_payment;
pub mod list_payments;
pub mod next_action;
pub mod payment;
pub mod provider;
pub mod reconcile;
pub mod record_stripe_events;
pub mod resolve_payment;
pub(crate) mod settling;
mod signature;
mod standing;
pub mod sweep_payments;

pub(crate) use card::{CARD_DATA_NOT_ACCEPTED, no_card_data};
pub(crate) use finding_out::KEY_LIVES;
pub use payment::{Payment, PaymentBy, PaymentStatus, Review};
