//! Lists, objects and enum variants of a [`Walk`].

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::misfit::Misfit;
use super::tree::Tree;
use super::walk::{Mode, Walk};

/// The children of a list (`items`) or an object (`members`) that are shown.
pub(super) struct Children<'a> {
    parent: Walk<'a>,
    pub(super) items: &'a [Tree],
    pub(super) members: &'a [(String, Tree)],
    next: usize,
    end: usize,
}

impl<'a> Children<'a> {
    /// Position tells a tuple's elements apart, so all elements up to the wanted
    /// one are shown; of other nodes the wanted child alone.
    pub(super) fn new(parent: Walk<'a>, tuple: bool) -> Self {
        let length = parent.tree.len();
        let (next, end) = match parent.mode {
            Mode::Above(index, _) => (if tuple { 0 } else { index }, length.min(index + 1)),
            Mode::Target => (parent.watch.start.min(length), length),
            Mode::Below => (0, length),
        };
        Self { parent, items: &[], members: &[], next, end }
    }

    /// Fails unless the visitor has read all: a tuple's stops at its own length.
    pub(super) fn finish(&self) -> Result<(), Misfit> {
        if self.next < self.end {
            note(self.parent, None);
            return Err(Misfit::Other);
        }
        Ok(())
    }

    fn more(&self) -> bool {
        let more = self.next < self.end;
        note(self.parent, more.then_some(self.next));
        more
    }

    fn note_name(&self, reading: bool) {
        if matches!(self.parent.mode, Mode::Target) {
            self.parent.watch.name.set(reading);
        }
    }

    fn read<'de, S: DeserializeSeed<'de>>(&mut self, tree: &'a Tree, seed: S) -> Result<S::Value, Misfit> {
        let child = child(self.parent, self.next, tree);
        self.next += 1;
        settle(child, seed.deserialize(child))
    }
}

/// Notes the target's child that is being read.
fn note(parent: Walk<'_>, child: Option<usize>) {
    if matches!(parent.mode, Mode::Target) {
        parent.watch.child.set(child);
    }
}

fn child<'a>(parent: Walk<'a>, index: usize, tree: &'a Tree) -> Walk<'a> {
    Walk { tree, mode: parent.mode.child(index), watch: parent.watch }
}

/// Notes a good node, after the node's own type had its last word.
fn settle<T>(node: Walk<'_>, result: Result<T, Misfit>) -> Result<T, Misfit> {
    if matches!(node.mode, Mode::Target) && result.is_ok() {
        node.watch.good.set(true);
    }
    result
}

impl<'de> SeqAccess<'de> for Children<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        if !self.more() {
            return Ok(None);
        }
        match self.items.get(self.next) {
            Some(tree) => self.read(tree, seed).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.end.saturating_sub(self.next))
    }
}

impl<'de> MapAccess<'de> for Children<'_> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        if !self.more() {
            return Ok(None);
        }
        let Some((name, _)) = self.members.get(self.next) else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Misfit> = name.as_str().into_deserializer();
        self.note_name(true);
        let key = seed.deserialize(name)?;
        self.note_name(false);
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        match self.members.get(self.next) {
            Some((_, tree)) => self.read(tree, seed),
            None => Err(Misfit::Other),
        }
    }
}

/// An enum written as `{"variant": content}`.
pub(super) struct Variant<'a> {
    name: &'a str,
    parent: Walk<'a>,
    content: Walk<'a>,
}

impl<'a> Variant<'a> {
    pub(super) fn new(parent: Walk<'a>, name: &'a str, tree: &'a Tree) -> Self {
        Self { name, parent, content: child(parent, 0, tree) }
    }

    fn read<T>(&self, read: impl FnOnce(Walk<'a>) -> Result<T, Misfit>) -> Result<T, Misfit> {
        note(self.parent, Some(0));
        let value = settle(self.content, read(self.content))?;
        note(self.parent, None);
        Ok(value)
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Misfit> {
        let name: StrDeserializer<'_, Misfit> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Misfit;

    /// `serde_json` takes `{"variant": null}` here; the schema says a string.
    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::Choice)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misfit> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.read(|content| content.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.read(|content| content.deserialize_map(visitor))
    }
}
