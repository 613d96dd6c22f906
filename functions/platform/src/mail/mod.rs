//! Mail: what takes it out of the letter box.

pub mod send_mail;
