//! The JSON schemas of requests and replies, under one set of names.

use crate::error::Error;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use shared::failure::problem::Document;
use shared::validation::PATTERNS;
use std::collections::BTreeSet;

/// The place of named schemas in the document.
const HOME: &str = "/components/schemas";

/// The schemas met so far. A type of a request is described as it is read, a type of a reply as it is written.
pub(super) struct Schemas {
    incoming: SchemaGenerator,
    outgoing: SchemaGenerator,
    bodies: Map<String, Value>,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = HOME.into();
            settings.meta_schema = None;
        });
        Self {
            incoming: settings.clone().for_deserialize().into_generator(),
            outgoing: settings.for_serialize().into_generator(),
            bodies: Map::new(),
        }
    }
}

impl Schemas {
    /// The schema of path or query parameters.
    pub(super) fn parameters(&mut self, of: fn(&mut SchemaGenerator) -> Option<Schema>) -> Value {
        of(&mut self.incoming).map_or_else(|| json!({}), |schema| alone(schema).1)
    }

    /// The schema of a body and a reference to it.
    pub(super) fn body(&mut self, of: fn(&mut SchemaGenerator) -> Option<Schema>) -> Option<(Value, Value)> {
        let (name, schema) = alone(of(&mut self.incoming)?);
        let reference = json!({ "$ref": format!("#{HOME}/{name}") });
        self.bodies.insert(name, schema.clone());
        Some((schema, reference))
    }

    /// The schema of the data of an answer.
    pub(super) fn data(&mut self, of: fn(&mut SchemaGenerator) -> Option<Schema>) -> Option<Value> {
        of(&mut self.outgoing).map(Schema::to_value)
    }

    /// A reference to a type of `shared` in replies.
    pub(super) fn reference<T: schemars::JsonSchema>(&mut self) -> Value {
        self.outgoing.subschema_for::<T>().to_value()
    }

    /// Adds the schema of a problem document with further members; its name.
    pub(super) fn extended_problem(&mut self, code: &str, extension: &Value) -> Value {
        let name = format!("{}Problem", super::components::pascal(code));
        self.reference::<Document<'_>>();
        let mut schema = self.outgoing.definitions().get("Problem").cloned().unwrap_or_default();
        for (key, empty) in [("properties", json!({})), ("required", json!([]))] {
            let more = extension.get(key).cloned().unwrap_or(empty);
            match (schema.get_mut(key), more) {
                (Some(Value::Object(members)), Value::Object(more)) => members.extend(more),
                (Some(Value::Array(names)), Value::Array(more)) => names.extend(more),
                _ => {}
            }
        }
        self.outgoing.definitions_mut().insert(name.clone(), schema);
        json!({ "$ref": format!("#{HOME}/{name}") })
    }

    /// The schemas of the members that an endpoint's problems carry beside the usual ones.
    pub(super) fn extensions(
        &mut self,
        of: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>,
    ) -> Vec<(&'static str, Value)> {
        of(&mut self.outgoing).into_iter().map(|(code, schema)| (code, schema.to_value())).collect()
    }

    /// A schema with its reference followed, if it is one.
    pub(super) fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let found = name.and_then(|name| {
            let named = [&self.bodies, self.incoming.definitions(), self.outgoing.definitions()];
            named.into_iter().find_map(|all| all.get(name))
        });
        found.unwrap_or(schema)
    }

    /// All named schemas. Codes are the given ones; objects of replies have no members but those named.
    pub(super) fn finish(mut self, codes: &BTreeSet<&str>) -> Result<Map<String, Value>, Error> {
        let mut all = self.bodies;
        all.extend(self.incoming.take_definitions(false));
        all.values_mut().for_each(show);
        let mut outgoing = self.outgoing.take_definitions(false);
        outgoing.insert("ProblemCode".to_owned(), json!({
            "type": "string", "enum": codes, "description": "Stable and specific: what a program goes by.",
        }));
        if let Some(code) = outgoing.get_mut("ProblemError").and_then(|it| it.pointer_mut("/properties/code"))
        {
            *code = json!({ "$ref": format!("#{HOME}/ProblemCode") });
        }
        for (name, mut schema) in outgoing {
            close(&mut schema);
            show(&mut schema);
            let before = all.insert(name.clone(), schema.clone());
            if before.is_some_and(|before| before != schema) {
                return Err(Error::TwoTypes(name));
            }
        }
        Ok(all)
    }
}

/// A root schema's name, and the schema without the generator's additions.
fn alone(schema: Schema) -> (String, Value) {
    let mut schema = schema.to_value();
    let mut name = String::new();
    if let Value::Object(members) = &mut schema {
        members.remove("components");
        if let Some(Value::String(title)) = members.remove("title") {
            name = title;
        }
    }
    show(&mut schema);
    (name, schema)
}

/// Gives a text that must not be empty the pattern of a text with something to see.
fn show(schema: &mut Value) {
    if let Value::Object(members) = schema {
        let measured = members.get("minLength").is_some_and(|least| *least != 0);
        let pattern = members.get("pattern").and_then(Value::as_str);
        let visible = PATTERNS.iter().find(|(plain, _)| measured && pattern == Some(plain));
        if let Some((_, visible)) = visible {
            members.insert("pattern".to_owned(), json!(visible));
        }
        members.values_mut().for_each(show);
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(show);
    }
}

/// Closes every object with named members to others.
pub(super) fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Takes null out of a parameter's schema: a parameter is there or not.
pub(super) fn without_null(schema: &mut Value) {
    if let Some(Value::Array(either)) = schema.get_mut("anyOf") {
        either.retain(|schema| schema["type"] != "null");
        if let [Value::Object(only)] = either.as_slice() {
            let only = only.clone();
            if let Value::Object(members) = schema {
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
    let Some(kind) = schema.get_mut("type") else { return };
    if let Value::Array(types) = kind {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            *kind = only.clone();
        }
    }
}
