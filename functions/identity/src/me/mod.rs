//! The caller itself.

pub mod get_me;
