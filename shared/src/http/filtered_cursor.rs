//! A cursor of a list that has filters, to which it is bound as well (B8).

use crate::failure::problem::INVALID_CURSOR;
use crate::http::cursor::{Cursor, CursorOf, Listed, MESSAGE};
use crate::validation::Surroundings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;
use validator::ValidationError;

/// A cursor as a query parameter of a list of `T` that has filters. It is bound to them, too, so its query checks it once they
/// are read, by a rule of the whole struct ([`FilteredCursor::check`]). That of a list of what belongs to one thing, whose id is
/// in the path, is bound to the thing as well ([`FilteredCursor::check_within`]).
pub struct FilteredCursor<T>(String, PhantomData<fn() -> T>);

impl<T: Listed> FilteredCursor<T> {
    /// The cursor, if a page with these filters handed it out. `filters` is what the query says of them, such as
    /// `status=active&role=admin`, in a fixed order and without those that are absent.
    pub fn of(&self, filters: &str) -> Option<CursorOf<T>> {
        self.within(None, filters)
    }

    /// As [`FilteredCursor::of`], of the list within the thing with that id.
    pub(crate) fn within(&self, id: Option<Uuid>, filters: &str) -> Option<CursorOf<T>> {
        Cursor::decode(&self.0, &scope::<T>(id, filters)).map(CursorOf::of)
    }

    /// The rule that the query's `cursor`, if it is there, is of its filters.
    ///
    /// # Errors
    ///
    /// `INVALID_CURSOR`, at `cursor`.
    pub fn check(cursor: Option<&Self>, filters: &str) -> Result<(), ValidationError> {
        Self::check_scope(cursor, None, filters)
    }

    /// As [`FilteredCursor::check`], of the list within the thing whose id is in the path. Where that is no id, it is told there,
    /// and nothing is said of the cursor.
    ///
    /// # Errors
    ///
    /// `INVALID_CURSOR`, at `cursor`.
    pub fn check_within(
        cursor: Option<&Self>,
        surroundings: &Surroundings,
        filters: &str,
    ) -> Result<(), ValidationError> {
        match surroundings.id {
            Some(id) => Self::check_scope(cursor, Some(id), filters),
            None => Ok(()),
        }
    }

    fn check_scope(cursor: Option<&Self>, id: Option<Uuid>, filters: &str) -> Result<(), ValidationError> {
        if cursor.is_none_or(|cursor| cursor.within(id, filters).is_some()) {
            return Ok(());
        }
        let mut refused = ValidationError::new(INVALID_CURSOR.code).with_message(Cow::Borrowed(MESSAGE));
        refused.add_param(Cow::Borrowed("field"), &"cursor");
        Err(refused)
    }
}

impl<T> fmt::Debug for FilteredCursor<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FilteredCursor")
    }
}

impl<T> Serialize for FilteredCursor<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, T> Deserialize<'de> for FilteredCursor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text, PhantomData))
    }
}

impl<T> JsonSchema for FilteredCursor<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        CursorOf::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        CursorOf::<T>::json_schema(generator)
    }
}

/// The address of a list: its route's template, with the id of the thing to whose list it belongs, if it does.
pub(crate) fn address<T: Listed>(id: Option<Uuid>) -> Cow<'static, str> {
    id.map_or(Cow::Borrowed(T::LIST), |id| Cow::Owned(T::LIST.replace("{id}", &id.to_string())))
}

/// What the cursors of a list are bound to: its address, and the filters, if there are any.
pub(crate) fn scope<T: Listed>(id: Option<Uuid>, filters: &str) -> Cow<'static, str> {
    let address = address::<T>(id);
    if filters.is_empty() { address } else { Cow::Owned(format!("{address}?{filters}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn cursor() -> Cursor {
        Cursor { page: 2, at: "2026-11-21T10:00:00.123456Z".parse().unwrap(), id: Uuid::from_u128(42) }
    }

    struct Item;

    impl Listed for Item {
        const LIST: &'static str = "/a";

        fn place(&self) -> (Timestamp, Uuid) {
            (cursor().at, cursor().id)
        }
    }

    #[test]
    fn a_cursor_of_some_filters_steers_no_other_ones() {
        let filtered = |text: String| FilteredCursor::<Item>(text, PhantomData);
        let open = filtered(cursor().encode(&scope::<Item>(None, "state=open")));
        assert_eq!(open.of("state=open").map(|found| found.cursor()), Some(cursor()));
        for other in ["", "state=done", "state=open&kind=x", "state=open&"] {
            assert_eq!(
                FilteredCursor::check(Some(&open), other).unwrap_err().code,
                "INVALID_CURSOR",
                "{other}"
            );
        }
        let unfiltered = filtered(cursor().encode("/a"));
        assert!(FilteredCursor::check(Some(&unfiltered), "").is_ok());
        assert!(FilteredCursor::check(Some(&unfiltered), "state=open").is_err());
        assert!(FilteredCursor::<Item>::check(None, "state=open").is_ok());
    }

    #[test]
    fn a_cursor_within_one_thing_steers_no_other_ones_list() {
        struct Part;
        impl Listed for Part {
            const LIST: &'static str = "/a/{id}/parts";

            fn place(&self) -> (Timestamp, Uuid) {
                (cursor().at, cursor().id)
            }
        }
        let of = |id: u128| Surroundings { now: Timestamp::UNIX_EPOCH, id: Some(Uuid::from_u128(id)) };
        let nowhere = Surroundings { id: None, ..of(0) };
        let own = FilteredCursor::<Part>(cursor().encode(&scope::<Part>(of(1).id, "x=1")), PhantomData);
        let bare = FilteredCursor::<Part>(cursor().encode(&scope::<Part>(None, "x=1")), PhantomData);
        assert!(FilteredCursor::check_within(Some(&own), &of(1), "x=1").is_ok());
        for (cursor, within, filters) in [(&own, of(2), "x=1"), (&own, of(1), "x=2"), (&bare, of(1), "x=1")] {
            let refused = FilteredCursor::check_within(Some(cursor), &within, filters).unwrap_err();
            assert_eq!(refused.code, "INVALID_CURSOR");
        }
        assert!(FilteredCursor::check_within(Some(&bare), &nowhere, "x=1").is_ok(), "the path is told");
    }
}
