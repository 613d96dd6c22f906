//! What goes out.

use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, HeaderValue};
use schemars::{Schema, SchemaGenerator, json_schema};
use shared::failure::Fault;
use shared::http::{Answer, Response};

/// The document as it was committed.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// Its JSON.
    pub text: &'static str,
    /// Its version.
    pub etag: &'static str,
}

impl Answer for Contract {
    fn respond(self) -> Result<Response, Fault> {
        let mut response =
            Response::with_body(StatusCode::OK, "application/json", self.text.as_bytes().to_vec());
        response.headers.insert(ETAG, HeaderValue::from_static(self.etag));
        response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        Ok(response)
    }

    /// As much of `OpenAPI` as a client needs to tell it from something else.
    fn data_schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(json_schema!({
            "type": "object",
            "required": ["openapi", "info", "paths", "components"],
            "properties": {
                "openapi": { "type": "string", "pattern": r"^3\.1\.[0-9]+$" },
                "info": { "type": "object" },
                "paths": { "type": "object" },
                "components": { "type": "object" },
            },
        }))
    }
}
