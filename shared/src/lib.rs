//! What every Grafono function needs, and nothing about clinics.
//!
//! Start with [`endpoint`] (what an endpoint declares) and [`pipeline`] (what happens to a request, in order).
//! A slice then touches [`validation`] for its input, [`database`] for its one transaction, [`failure`] for the
//! ways it can fail and [`reply`] for its answer. What happens after a change is the part of [`outbox`], [`consumer`] and
//! [`worker`]. [`lambda`] is where a deployed function starts.

pub mod access;
pub mod app;
mod aws;
pub mod clock;
pub mod consumer;
pub mod cursor;
pub mod database;
pub mod deadline;
pub mod endpoint;
pub mod event;
pub mod failure;
pub mod handed_out;
mod headers;
pub mod health;
pub mod idempotency;
pub mod input;
pub mod jobs;
pub mod lambda;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod outbox;
pub mod outside;
pub mod page;
pub mod passwords;
pub mod pipeline;
pub mod problem;
pub mod queues;
pub mod records;
pub mod reply;
pub mod route;
pub mod secrets;
pub mod settings;
pub mod success;
pub mod telemetry;
mod tls;
pub mod token;
pub mod trace;
pub mod validation;
pub mod worker;
