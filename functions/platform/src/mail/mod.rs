//! Mail: what takes it out of the letter box, and what notes that it came back.

pub mod record_bounces;
pub mod record_sendgrid_events;
mod returns;
pub mod send_mail;
mod signature;
