//! What the whole interface looks like, for programs and people who call it.

pub mod get_openapi;
