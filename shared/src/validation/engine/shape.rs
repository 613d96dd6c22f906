//! Reads the parts that validation needs out of a JSON Schema (draft 2020-12) by schemars.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The most references followed in a row, so that a circle ends.
const MAX_HOPS: usize = 16;

type Cache = LazyLock<RwLock<HashMap<TypeId, Arc<Value>>>>;

/// The schemas made so far: making a schema costs far more than a request. The
/// number of types in the program bounds the cache.
static SCHEMAS: Cache = LazyLock::new(RwLock::default);

/// The schema of `T` as deserialised.
pub(super) fn schema_of<T: JsonSchema + 'static>() -> Arc<Value> {
    let key = TypeId::of::<T>();
    let known = SCHEMAS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = known.get(&key) {
        return Arc::clone(schema);
    }
    drop(known);
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let schema = Arc::new(generator.into_root_schema_for::<T>().to_value());
    let mut known = SCHEMAS.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(key).or_insert(schema))
}

/// The schema of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'s> {
    root: &'s Value,
    /// The schema at the place of use, which has a field's examples.
    written: &'s Value,
    /// The same schema with `$ref` followed.
    node: &'s Value,
}

impl<'s> Shape<'s> {
    pub(super) fn root(schema: &'s Value) -> Self {
        Self::new(schema, schema)
    }

    fn new(root: &'s Value, written: &'s Value) -> Self {
        let mut node = written;
        for _ in 0..MAX_HOPS {
            let target = node
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
                .and_then(|pointer| root.pointer(pointer));
            match target {
                Some(target) => node = target,
                None => break,
            }
        }
        Self { root, written, node }
    }

    fn part(self, written: &'s Value) -> Self {
        Self::new(self.root, written)
    }

    /// A keyword, of the place of use or of the referenced schema.
    pub(super) fn keyword(self, name: &str) -> Option<&'s Value> {
        self.written.get(name).or_else(|| self.node.get(name))
    }

    /// A keyword of this schema or of a part that `Option` or a variant added.
    pub(super) fn find(self, name: &str) -> Option<&'s Value> {
        self.parts().iter().find_map(|part| part.keyword(name))
    }

    /// This schema and all of its parts.
    pub(super) fn parts(self) -> Vec<Self> {
        let mut parts = vec![self];
        let mut next = 0;
        while let Some(&part) = parts.get(next).filter(|_| parts.len() < 256) {
            next += 1;
            for keyword in ["allOf", "anyOf", "oneOf"] {
                let branches = part.node.get(keyword).and_then(Value::as_array);
                parts.extend(branches.into_iter().flatten().map(|it| self.part(it)));
            }
        }
        parts
    }

    pub(super) fn property(self, name: &str) -> Option<Self> {
        self.alternatives(name).into_iter().next()
    }

    /// All schemas of a property: a tagged enum has one for each variant.
    pub(super) fn alternatives(self, name: &str) -> Vec<Self> {
        let parts = self.parts().into_iter();
        let found = parts.filter_map(|part| {
            let found = part.node.get("properties").and_then(|all| all.get(name));
            let other = || {
                let other = part.node.get("additionalProperties");
                other.filter(|it| it.is_object())
            };
            found.or_else(other).map(|schema| self.part(schema))
        });
        found.collect()
    }

    pub(super) fn properties(self) -> Vec<(&'s String, Self)> {
        let maps = self.parts().into_iter();
        maps.filter_map(|part| part.node.get("properties").and_then(Value::as_object))
            .flat_map(Map::iter)
            .map(|(name, schema)| (name, self.part(schema)))
            .collect()
    }

    pub(super) fn item(self, index: usize) -> Option<Self> {
        self.parts().into_iter().find_map(|part| {
            let fixed = part.node.get("prefixItems").and_then(|all| all.get(index));
            let found = fixed.or_else(|| part.node.get("items"));
            found.map(|schema| self.part(schema))
        })
    }

    /// The required names. Of alternatives only `T or null` is followed: the
    /// schema cannot guess the variant of an enum.
    pub(super) fn required(self) -> Vec<&'s str> {
        let mut names: Vec<&str> = Vec::new();
        let mut todo = vec![self];
        let mut hops = 0;
        while let Some(part) = todo.pop().filter(|_| hops < MAX_HOPS) {
            hops += 1;
            let own = part.node.get("required").and_then(Value::as_array);
            names.extend(own.into_iter().flatten().filter_map(Value::as_str));
            let all = part.node.get("allOf").and_then(Value::as_array);
            todo.extend(all.into_iter().flatten().map(|it| self.part(it)));
            for keyword in ["anyOf", "oneOf"] {
                let branches = part.node.get(keyword).and_then(Value::as_array);
                let mut real = branches
                    .into_iter()
                    .flatten()
                    .filter(|it| it.get("type").and_then(Value::as_str) != Some("null"));
                if let (Some(only), None) = (real.next(), real.next()) {
                    todo.push(self.part(only));
                }
            }
        }
        names
    }

    /// The JSON types allowed, without repeats; empty if anything goes.
    pub(super) fn types(self) -> Vec<&'s str> {
        let mut types = Vec::new();
        for part in self.parts() {
            let named = match part.node.get("type") {
                Some(Value::String(name)) => vec![name.as_str()],
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            for name in named {
                if !types.contains(&name) {
                    types.push(name);
                }
            }
        }
        types
    }

    pub(super) fn is_nullable(self) -> bool {
        let types = self.types();
        types.is_empty() || types.contains(&"null")
    }

    /// The strings of an enum; empty if the schema is no plain enum.
    pub(super) fn choices(self) -> Vec<&'s str> {
        let mut choices = Vec::new();
        for part in self.parts() {
            if let Some(Value::Array(values)) = part.node.get("enum") {
                choices.extend(values.iter().filter_map(Value::as_str));
            }
            choices.extend(part.node.get("const").and_then(Value::as_str));
        }
        let plain = self.types().iter().all(|it| matches!(*it, "string" | "null"));
        if plain { choices } else { Vec::new() }
    }
}
