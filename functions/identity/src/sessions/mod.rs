//! The open sessions of a person in a clinic: where that person is signed in.

pub mod delete_session;
pub mod list_sessions;
