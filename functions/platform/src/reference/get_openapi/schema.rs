//! What goes out.

use crate::reference::document::Chosen;
use schemars::{Schema, SchemaGenerator, json_schema};
use shared::failure::Fault;
use shared::http::{Answer, Response};

/// The document as it was committed.
#[derive(Debug, Clone, Copy)]
pub struct Contract(pub Chosen);

impl Answer for Contract {
    fn respond(self) -> Result<Response, Fault> {
        self.0.respond()
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
