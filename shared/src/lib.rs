//! What every Grafono function needs, and nothing about clinics.
//!
//! It is built in rooms, one above the other. A room uses what stands in lower lines of this table, and nothing above it
//! or in its own line; `local/tests/rules/rooms.rs` reads the table and holds every path in the sources to it.
//!
//! | room | holds |
//! |---|---|
//! | [`lambda`] | where a deployed function starts: one line of every `main.rs` leads here |
//! | [`module`] | a module as a value: its endpoints, consumers and workers |
//! | [`background`] | what happens after a reply: consumers, workers, jobs, requests for mail |
//! | [`http`] | what an endpoint declares, what it takes and answers, and a request's way through it ([`http::pipeline`]) |
//! | [`app`] | what every function is given at its start and keeps |
//! | [`mail`], [`outbox`], [`limits`] | sending mail; announcing a change, and the queues that carry it; how much is admitted |
//! | [`database`], [`external`] | the one transaction that sends statements; calls to others, AWS included |
//! | [`telemetry`] | log lines, metrics, spans |
//! | [`access`], `tls` | who the caller is and may be: roles, tokens, passwords, links; TLS as a client |
//! | [`parts`] | what a part of a function needs, and how parts are opened at its start |
//! | [`failure`], [`settings`] | how a request fails; what a setting is, and how a secret is kept |
//! | [`validation`], [`clock`], [`deadline`], [`readiness`] | input checked; the time, and how much of it is left; probes |
//!
//! A slice begins with [`http::Endpoint`], validates by [`validation`], sends its statements by [`database`], and says in
//! [`failure`]'s terms how it fails. Letters with numbers, such as C7, are rules: `docs/checks.md` says what each asks.

pub mod access;
pub mod app;
pub mod background;
pub mod clock;
pub mod database;
pub mod deadline;
pub mod external;
pub mod failure;
pub mod http;
pub mod lambda;
pub mod limits;
pub mod mail;
pub mod module;
pub mod outbox;
pub mod parts;
pub mod readiness;
pub mod settings;
pub mod telemetry;
mod tls;
pub mod validation;
