//! Mail: sending what is in the letter box, and noting what came back.

pub mod record_bounces;
pub mod record_sendgrid_events;
mod returns;
pub mod send_mail;
mod signature;
