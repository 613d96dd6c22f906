//! A deserialiser over a [`Tree`] that can be narrowed to one node.

use std::cell::Cell;

use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde_json::Number;

use super::misfit::Misfit;
use super::tree::Tree;
use super::walk_access::{Children, Variant};

/// Notes taken while reading the target node.
pub(super) struct Watch {
    pub(super) start: usize,
    pub(super) child: Cell<Option<usize>>,
    pub(super) name: Cell<bool>,
    pub(super) good: Cell<bool>,
    pub(super) tuple: Cell<bool>,
}

/// The place of a node with regard to the target node.
#[derive(Clone, Copy)]
pub(super) enum Mode<'a> {
    /// On the way to the target: the next child's number and the rest of the path.
    Above(usize, &'a [usize]),
    Target,
    /// Inside the target, or beside the path: read in full.
    Below,
}

impl<'a> Mode<'a> {
    pub(super) fn of(path: &'a [usize]) -> Self {
        match path.split_first() {
            Some((&first, rest)) => Self::Above(first, rest),
            None => Self::Target,
        }
    }

    /// The mode of the child with this number.
    pub(super) fn child(self, index: usize) -> Self {
        match self {
            Self::Above(next, rest) if next == index => Self::of(rest),
            _ => Self::Below,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) tree: &'a Tree,
    pub(super) mode: Mode<'a>,
    pub(super) watch: &'a Watch,
}

impl<'a> Walk<'a> {
    fn list<'de, V: Visitor<'de>>(
        self,
        items: &'a [Tree],
        tuple: bool,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if tuple && matches!(self.mode, Mode::Target) {
            self.watch.tuple.set(true);
        }
        let mut access = Children::new(self, tuple);
        access.items = items;
        let value = visitor.visit_seq(&mut access)?;
        access.finish()?;
        Ok(value)
    }

    fn object<'de, V: Visitor<'de>>(
        self,
        members: &'a [(String, Tree)],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let mut access = Children::new(self, false);
        access.members = members;
        let value = visitor.visit_map(&mut access)?;
        access.finish()?;
        Ok(value)
    }
}

fn number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Misfit> {
    if let Some(value) = number.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = number.as_i64() {
        visitor.visit_i64(value)
    } else {
        visitor.visit_f64(number.as_f64().ok_or(Misfit::Other)?)
    }
}

/// One method for each JSON type: any other value is of a wrong type, as for
/// `serde_json`.
macro_rules! only {
    ($pattern:pat => $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.tree {
                $pattern => self.deserialize_any(visitor),
                _ => Err(Misfit::Type),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Walk<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Number(value) => number(value, visitor),
            Tree::Large(value) if value.is_finite() => visitor.visit_f64(*value),
            Tree::Large(_) => Err(Misfit::Other),
            Tree::Text(value) => visitor.visit_str(value),
            Tree::List(items) => self.list(items, false, visitor),
            Tree::Object(members) => self.object(members, visitor),
        }
    }

    only!(Tree::Bool(_) => deserialize_bool);
    only!(Tree::Number(_) | Tree::Large(_) =>
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64);
    only!(Tree::Text(_) =>
        deserialize_char deserialize_str deserialize_string deserialize_identifier
        deserialize_bytes deserialize_byte_buf);
    only!(Tree::Null => deserialize_unit);
    only!(Tree::List(_) => deserialize_seq);
    only!(Tree::Object(_) => deserialize_map);

    /// Visits "unit" for `null`: serde's derive visits "none" for an absent field,
    /// and `Patch` tells the two apart.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        match self.tree {
            Tree::List(items) => self.list(items, true, visitor),
            _ => Err(Misfit::Type),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.tree {
            Tree::Text(name) => {
                let access: StrDeserializer<'_, Misfit> = name.as_str().into_deserializer();
                visitor.visit_enum(access)
            }
            Tree::Object(members) => match members.as_slice() {
                [(name, tree)] => visitor.visit_enum(Variant::new(self, name, tree)),
                _ => Err(Misfit::Choice),
            },
            _ => Err(Misfit::Type),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}
