//! Reads bytes into a [`Tree`], and refuses documents that no endpoint accepts.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::MAX_DEPTH;
use super::number::{self, Spelled, Spellings};
use super::tree::Tree;
use super::violation::{Place, Violation, push_segment};

/// Reads a whole JSON document (RFC 8259). Duplicate names are refused because
/// RFC 8259 section 4 leaves their meaning open, and I-JSON (RFC 7493) forbids
/// them; a byte order mark is refused as RFC 8259 section 8.1 allows.
pub(super) fn read(bytes: &[u8]) -> Result<Tree, Violation> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(encoding("must not start with a byte order mark"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| encoding("must be UTF-8"))?;
    let state = State { spellings: RefCell::new(Spellings::of(text)), ..State::default() };
    let tamed = number::tamed(text);
    let mut json = serde_json::Deserializer::from_str(tamed.as_deref().unwrap_or(text));
    let seed = Reader { state: &state, depth: 0 };
    seed.deserialize(&mut json)
        .and_then(|tree| json.end().map(|()| tree))
        .map_err(|error| state.explain(&error))
}

fn encoding(message: &str) -> Violation {
    Violation::new(Place::Body, "", "INVALID_ENCODING", message)
}

/// State beside serde's own error, which cannot carry it.
#[derive(Default)]
struct State<'t> {
    /// Names and numbers on the way down to the place of reading.
    trail: RefCell<Vec<String>>,
    /// The numbers still to come, as they are written.
    spellings: RefCell<Spellings<'t>>,
    refused: Cell<Option<(&'static str, &'static str)>>,
}

impl<'t> State<'t> {
    fn explain(&self, error: &serde_json::Error) -> Violation {
        if let Some((code, message)) = self.refused.get() {
            return Violation::new(Place::Body, self.pointer(), code, message);
        }
        let (line, column) = (error.line(), error.column());
        let message = format!("is not valid JSON at line {line}, column {column}");
        Violation::new(Place::Body, "", "MALFORMED_JSON", message)
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for name in self.trail.borrow().iter() {
            push_segment(&mut pointer, name);
        }
        pointer
    }

    fn enter(&self, name: &str) {
        // Only a pointer's worth of a name is ever needed.
        self.trail.borrow_mut().push(name.chars().take(65).collect());
    }

    /// Not called after an error, so that the trail ends at the culprit.
    fn leave(&self) {
        self.trail.borrow_mut().pop();
    }

    /// Called for each number, so that spellings and document keep step.
    fn spelling(&self) -> Option<&'t str> {
        self.spellings.borrow_mut().next()
    }

    fn refuse<E: serde::de::Error>(&self, code: &'static str, message: &'static str) -> E {
        self.refused.set(Some((code, message)));
        E::custom(message)
    }
}

#[derive(Clone, Copy)]
struct Reader<'s> {
    state: &'s State<'s>,
    depth: usize,
}

impl Reader<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.state.refuse("TOO_DEEP", "must not be nested deeper than 32 levels"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse_duplicates<E: serde::de::Error>(self, members: &[(String, Tree)]) -> Result<(), E> {
        let mut seen = HashSet::with_capacity(members.len());
        for (name, _) in members {
            if !seen.insert(name.as_str()) {
                self.state.enter(name);
                return Err(self.state.refuse("DUPLICATE_KEY", "must not occur more than once"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        self.state.spelling();
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        self.state.spelling();
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Tree, E> {
        match self.state.spelling().map(|text| (number::read(text), text)) {
            Some((Spelled::Whole(number), _)) => Ok(Tree::Number(number)),
            Some((Spelled::Beyond, text)) => Ok(Tree::Large(text.parse().unwrap_or(value))),
            _ => Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("no number")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        loop {
            self.state.enter(&items.len().to_string());
            let item = access.next_element_seed(inner)?;
            self.state.leave();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Tree::List(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            self.state.enter(&name);
            let value = access.next_value_seed(inner)?;
            self.state.leave();
            members.push((name, value));
        }
        self.refuse_duplicates::<A::Error>(&members)?;
        Ok(Tree::Object(members))
    }
}
