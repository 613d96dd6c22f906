//! The body of a request, as an endpoint reads it.

use super::{Fields, Nothing};
use crate::failure::{Fault, Problem};
use crate::validation::{self, Place, Violation};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use std::marker::PhantomData;

/// A body, or none.
pub trait Body: Sized + Send {
    /// Whether a body is read.
    const EXPECTED: bool;
    /// Whether an empty body is read as one without fields.
    const MAY_BE_EMPTY: bool = false;
    /// The problems of the body's own rules.
    const RULES: &'static [Problem];
    /// The body's JSON schema.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;
    /// The parsed and checked body; rules about time go by `now`.
    fn parse(bytes: Option<&[u8]>, now: Timestamp) -> Result<Self, Vec<Violation>>;
    /// The body as it was read.
    fn canonical(&self) -> Result<Value, Fault>;
}

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Fields> Body for Json<T> {
    const EXPECTED: bool = true;
    const RULES: &'static [Problem] = T::RULES;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.root_schema_for::<T>())
    }

    fn parse(bytes: Option<&[u8]>, now: Timestamp) -> Result<Self, Vec<Violation>> {
        validation::parse_body(present(bytes)?, now).map(Json)
    }

    fn canonical(&self) -> Result<Value, Fault> {
        canonical(&self.0)
    }
}

/// A JSON body, or none at all, which has no fields.
#[derive(Debug)]
pub struct JsonOrNothing<T>(pub T);

impl<T: Fields> Body for JsonOrNothing<T> {
    const EXPECTED: bool = true;
    const MAY_BE_EMPTY: bool = true;
    const RULES: &'static [Problem] = T::RULES;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.root_schema_for::<T>())
    }

    fn parse(bytes: Option<&[u8]>, now: Timestamp) -> Result<Self, Vec<Violation>> {
        let given = present(bytes)?;
        validation::parse_body(if given.is_empty() { b"{}" } else { given }, now).map(Self)
    }

    fn canonical(&self) -> Result<Value, Fault> {
        canonical(&self.0)
    }
}

/// A JSON body as it was sent, for an endpoint that reads the body only after its signature. The contract shows `T`.
#[derive(Debug)]
pub struct Unread<T> {
    /// The bytes that were signed.
    pub bytes: Vec<u8>,
    shown: PhantomData<fn() -> T>,
}

impl<T: JsonSchema> Body for Unread<T> {
    const EXPECTED: bool = true;
    const RULES: &'static [Problem] = &[];

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.root_schema_for::<T>())
    }

    fn parse(bytes: Option<&[u8]>, _now: Timestamp) -> Result<Self, Vec<Violation>> {
        Ok(Self { bytes: present(bytes)?.to_vec(), shown: PhantomData })
    }

    fn canonical(&self) -> Result<Value, Fault> {
        canonical(&self.bytes)
    }
}

pub(super) fn canonical<T: Serialize>(fields: &T) -> Result<Value, Fault> {
    serde_json::to_value(fields).map_err(|_| Fault::internal("an input cannot be written as it was read"))
}

/// The bytes; a violation for broken base64.
fn present(bytes: Option<&[u8]>) -> Result<&[u8], Vec<Violation>> {
    bytes.ok_or_else(|| {
        vec![Violation {
            place: Place::Body,
            pointer: String::new(),
            code: "INVALID_ENCODING",
            message: "must be the base64 that the gateway says it is".to_owned(),
        }]
    })
}

impl Body for Nothing {
    const EXPECTED: bool = false;
    const RULES: &'static [Problem] = &[];

    fn schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn parse(_bytes: Option<&[u8]>, _now: Timestamp) -> Result<Self, Vec<Violation>> {
        Ok(Self {})
    }

    fn canonical(&self) -> Result<Value, Fault> {
        Ok(Value::Null)
    }
}
