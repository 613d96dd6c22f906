//! The contract of the whole interface, for programs and for people.

mod document;
mod etag;
pub mod get_docs;
pub mod get_docs_script;
pub mod get_openapi;
