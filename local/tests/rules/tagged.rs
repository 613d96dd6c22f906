//! The committed templates as AWS reads them: every tag in its long form (`!Ref X` is `{"Ref": "X"}`), so that none is
//! lost.

use grafono::generate::root;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::Tagged;
use std::collections::BTreeMap;
use std::fmt;

/// The root's name among the templates.
pub(crate) const ROOT: &str = "template.yaml";

/// All templates: the root under [`ROOT`], the others under the names of their modules.
pub(crate) type Templates = BTreeMap<String, Value>;

/// The committed templates.
pub(crate) fn templates() -> Templates {
    let modules = grafono::modules().into_iter();
    let paths = modules.map(|it| (it.name.to_owned(), format!("functions/{}/template.yaml", it.name)));
    let all = paths.chain([(ROOT.to_owned(), ROOT.to_owned())]);
    all.map(|(name, path)| (name, read(&std::fs::read_to_string(root().join(path)).unwrap()))).collect()
}

/// The modules' templates, without the root.
pub(crate) fn stacks() -> Templates {
    let mut all = templates();
    all.remove(ROOT);
    all
}

pub(crate) fn read(text: &str) -> Value {
    serde_saphyr::from_str::<Node>(text).unwrap().0
}

/// The map at a key; an empty one where there is none.
pub(crate) fn section<'a>(template: &'a Value, key: &str) -> Vec<(&'a str, &'a Value)> {
    let section = template.get(key).and_then(Value::as_object).into_iter().flatten();
    section.map(|(name, value)| (name.as_str(), value)).collect()
}

/// The resources of a type: id and properties.
pub(crate) fn of_type<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = section(template, "Resources").into_iter();
    all.filter(|(_, it)| it["Type"] == kind).map(|(id, it)| (id, &it["Properties"])).collect()
}

/// The names of a map.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// `!Ref name`.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "Ref": name })
}

/// `!GetAtt id.attribute`.
pub(crate) fn attribute(id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [id, attribute] })
}

/// The function of `CloudFormation` that a value is, with what it is given.
pub(crate) fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, given) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, given))
}

/// A value of a template with its tags in their long form.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::deserialize(from)?;
        let name = match tag.as_deref() {
            None | Some("!") => return Ok(Self(value)),
            Some(tag) if tag.starts_with("tag:yaml.org,2002:") => return Ok(Self(value)),
            Some(tag) => tag.strip_prefix('!').ok_or_else(|| D::Error::custom(tag))?,
        };
        Ok(Self(match (name, value) {
            ("Ref" | "Condition", value) => json!({ name: value }),
            ("GetAtt", Value::String(path)) => {
                let (id, name) = path.split_once('.').ok_or_else(|| D::Error::custom(&path))?;
                attribute(id, name)
            }
            (_, value) => json!({ format!("Fn::{name}"): value }),
        }))
    }
}

/// A value without a tag of its own.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Values).map(Self)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value of a template")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Node(value)) = from.next_element()? {
            all.push(value);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((key, Node(value))) = from.next_entry::<String, Node>()? {
            if all.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{key} stands twice")));
            }
        }
        Ok(all.into())
    }
}

#[test]
fn a_tag_is_read_in_its_long_form_and_types_are_kept() {
    let text = "a: !Ref X\nb: !GetAtt X.Y.Z\nc: !If [Has, !Sub \"a${X}\", !Ref AWS::NoValue]\nd: [\"2.0\", 2, true, \"true\", 5xx]\ne: !Not [!Condition Has]\nf: \"!Ref X\"\n";
    let expected = json!({
        "a": { "Ref": "X" },
        "b": { "Fn::GetAtt": ["X", "Y.Z"] },
        "c": { "Fn::If": ["Has", { "Fn::Sub": "a${X}" }, { "Ref": "AWS::NoValue" }] },
        "d": ["2.0", 2, true, "true", "5xx"],
        "e": { "Fn::Not": [{ "Condition": "Has" }] },
        "f": "!Ref X",
    });
    assert_eq!(read(text), expected);
}
