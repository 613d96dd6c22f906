//! A cursor of a list that has filters, to which it is bound as well (B8).

use crate::failure::problem::INVALID_CURSOR;
use crate::http::cursor::{Cursor, CursorOf, Listed, MESSAGE};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use validator::ValidationError;

/// A cursor as a query parameter of a list of `T` that has filters. It is bound to them, too, so its query checks it once they
/// are read, by a rule of the whole struct ([`FilteredCursor::check`]).
pub struct FilteredCursor<T>(String, PhantomData<fn() -> T>);

impl<T: Listed> FilteredCursor<T> {
    /// The cursor, if a page with these filters handed it out. `filters` is what the query says of them, such as
    /// `status=active&role=admin`, in a fixed order and without those that are absent.
    pub fn of(&self, filters: &str) -> Option<CursorOf<T>> {
        Cursor::decode(&self.0, &scope::<T>(filters)).map(CursorOf::of)
    }

    /// The rule that the query's `cursor`, if it is there, is of its filters.
    ///
    /// # Errors
    ///
    /// `INVALID_CURSOR`, at `cursor`.
    pub fn check(cursor: Option<&Self>, filters: &str) -> Result<(), ValidationError> {
        if cursor.is_none_or(|cursor| cursor.of(filters).is_some()) {
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

/// What the cursors of a list are bound to: its route's template, and the filters, if there are any.
pub(crate) fn scope<T: Listed>(filters: &str) -> Cow<'static, str> {
    if filters.is_empty() { Cow::Borrowed(T::LIST) } else { Cow::Owned(format!("{}?{filters}", T::LIST)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

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
        let open = filtered(cursor().encode(&scope::<Item>("state=open")));
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
}
