//! An id, and nothing more lenient.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::validation::refuse;

/// A UUID written as RFC 9562 §4 says, such as `01890a5d-ac96-774b-bcce-b302099a8057`, in small or capital letters:
/// what `format: uuid` means.
///
/// `Uuid` itself also reads it without hyphens, in braces, and as a `urn:uuid:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Id;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a UUID")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                let id = text.parse::<Hyphenated>();
                id.map(|id| Id(id.into_uuid())).map_err(|_| refuse("INVALID_UUID", "must be a UUID"))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Uuid::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Uuid::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Uuid::json_schema(generator)
    }
}
