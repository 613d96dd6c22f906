//! A payment provider for one machine and for tests. It speaks Stripe's HTTP protocol as far as Grafono uses it, takes
//! no money, and keeps all that it knows in memory.
//!
//! * [`Sandbox::listen`] serves it on a port of its own; [`Sandbox::answer`] is for a server that has it among others.
//!   Either takes [`Sandbox::KEY`] as the API key, and `/v1/payment_intents` and `/v1/refunds` below it.
//! * The card says what happens. `pm_card_visa` pays, `pm_card_chargeDeclinedInsufficientFunds` is declined: the
//!   provider's own test cards. `pm_sandbox_…` are for what goes wrong on the way, such as `pm_sandbox_lost`, which is
//!   charged and never answered. [`Sandbox::fail_next`] does such things to any request. All cards are in `cards.rs`.
//! * What happens is told by events, which [`Sandbox::deliver`] hands over, signed as the provider signs them. What a
//!   person does at the provider, [`Sandbox::dispute`] and its neighbours do here.
//! * [`Sandbox::charged`] says what was taken for a payment, so that nobody is charged twice unseen;
//!   [`Sandbox::requests`] says what was asked; [`Sandbox::page`] shows it to a person.
//!
//! A request is looked at in this order: API key, version, [`Fault`], idempotency key, parameters, and then it runs.
//! What ran is kept under its key for 24 hours and answered again, 402 and 500 included. What its parameters refuse
//! (unknown cards, too) and what is answered 401, 403, 409 or 429 did not run and is not kept.
//!
//! The names and rules are those of <https://docs.stripe.com/api>, version `2026-10-28.endive`.

mod asked;
mod attempt;
mod cards;
mod create;
mod elsewhere;
mod events;
mod faults;
mod form;
mod hex;
mod idempotency;
mod ids;
mod intent;
mod intents;
mod money;
mod page;
mod refunds;
mod reply;
mod routes;
mod sandbox;
mod server;
mod signature;
mod state;
mod status;

pub use asked::Request;
pub use events::{Delivery, Event};
pub use faults::Fault;
pub use intent::Intent;
pub use refunds::GivenBack;
pub use sandbox::{Clock, HalfReply, Sandbox};
pub use server::Listening;
pub use signature::sign;
