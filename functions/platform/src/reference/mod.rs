//! What the whole interface looks like, for programs and people who call it.

mod etag;
pub mod get_docs;
pub mod get_docs_script;
pub mod get_openapi;
