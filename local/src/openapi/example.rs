//! Examples put together from those of the fields.

use super::schemas::Schemas;
use serde_json::{Map, Value};

/// An example that fits the schema; `None` where the schema gives none.
pub(super) fn of(schema: &Value, schemas: &Schemas) -> Option<Value> {
    let own = schema.pointer("/examples/0").or_else(|| schema.get("const"));
    if let Some(own) = own.or_else(|| schema.pointer("/enum/0")) {
        return Some(own.clone());
    }
    let followed = schemas.resolve(schema);
    if followed != schema {
        return of(followed, schemas);
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        let parts = schema.get(keyword).and_then(Value::as_array);
        if let Some(found) = parts.into_iter().flatten().find_map(|part| of(part, schemas)) {
            return Some(found);
        }
    }
    match schema.get("type").and_then(Value::as_str)? {
        "object" => Some(Value::Object(members(schema, schemas))),
        "array" => {
            let least =
                schema.get("minItems").and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok());
            Some(Value::Array(vec![of(schema.get("items")?, schemas)?; least.unwrap_or(1)]))
        }
        "null" => Some(Value::Null),
        _ => None,
    }
}

/// An example of each member that has one.
pub(super) fn members(schema: &Value, schemas: &Schemas) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let found = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| Some((name.clone(), of(property, schemas)?)));
    found.collect()
}
