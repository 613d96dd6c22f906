//! Cursor pagination (B8): by row comparison on `(time, id)`, newest first.
//!
//! A cursor is opaque and holds a time, an id and the page's number, no content of rows. Its checksum binds it to the
//! address and filters of its list, so one list's cursor does not steer another list.

use crate::failure::problem::INVALID_CURSOR;
use crate::validation::refuse;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;

/// The pattern of a cursor's text: 36 bytes in base64url without padding.
pub(crate) const PATTERN: &str = "^[A-Za-z0-9_-]{48}$";

pub(super) const MESSAGE: &str = "must be the nextCursor of the page before, unchanged";
const LENGTH: usize = 4 + 8 + 16 + CHECKSUM;
const CHECKSUM: usize = 8;

/// The place behind which the next page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the cursor's page, from 2 on.
    pub page: u32,
    /// The sort key of the last row seen.
    pub at: Timestamp,
    /// The id of the last row seen, which settles ties.
    pub id: Uuid,
}

impl Cursor {
    /// The opaque text, bound to `scope`: the list's address and the filters.
    pub fn encode(&self, scope: &str) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.page.to_be_bytes());
        bytes.extend(self.at.as_microsecond().to_be_bytes());
        bytes.extend(self.id.as_bytes());
        let checksum = checksum(&bytes, scope);
        bytes.extend(checksum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor of a text that [`Cursor::encode`] made for the same `scope`, else `None`.
    pub fn decode(text: &str, scope: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == LENGTH)?;
        let (payload, given) = bytes.split_last_chunk::<CHECKSUM>()?;
        if *given != checksum(payload, scope) {
            return None;
        }
        let (page, rest) = payload.split_first_chunk::<4>()?;
        let (at, id) = rest.split_first_chunk::<8>()?;
        let cursor = Self {
            page: u32::from_be_bytes(*page),
            at: Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?,
            id: Uuid::from_slice(id).ok()?,
        };
        // The checksum is no secret, so a forged cursor may come here: one that no page leads to is refused.
        (cursor.page >= 2 && cursor.at >= Timestamp::UNIX_EPOCH).then_some(cursor)
    }
}

/// An item of a list, newest first. Cursors are bound to the list.
pub trait Listed: Send + 'static {
    /// The list: its route's template.
    const LIST: &'static str;

    /// The sort key and the id, which settles ties.
    fn place(&self) -> (Timestamp, Uuid);
}

/// A cursor as a query parameter of the list of `T`: a bad one is refused together with all other violations.
pub struct CursorOf<T>(Cursor, PhantomData<fn() -> T>);

impl<T> CursorOf<T> {
    /// The parameter with this cursor, for samples.
    pub(crate) const fn of(cursor: Cursor) -> Self {
        Self(cursor, PhantomData)
    }

    /// The cursor.
    pub const fn cursor(&self) -> Cursor {
        self.0
    }
}

impl<T> fmt::Debug for CursorOf<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CursorOf")
    }
}

impl<T: Listed> Serialize for CursorOf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.encode(T::LIST))
    }
}

impl<'de, T: Listed> Deserialize<'de> for CursorOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let cursor = Cursor::decode(&text, T::LIST).ok_or_else(|| refuse(INVALID_CURSOR.code, MESSAGE))?;
        Ok(Self::of(cursor))
    }
}

impl<T> JsonSchema for CursorOf<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "cursor", "pattern": PATTERN })
    }
}

fn checksum(payload: &[u8], scope: &str) -> [u8; CHECKSUM] {
    let digest = Sha256::new().chain_update(payload).chain_update(scope.as_bytes()).finalize();
    let mut checksum = [0; CHECKSUM];
    checksum.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor { page: 2, at: "2026-11-21T10:00:00.123456Z".parse().unwrap(), id: Uuid::from_u128(42) }
    }

    #[test]
    fn a_cursor_survives_its_own_list() {
        assert_eq!(Cursor::decode(&cursor().encode("/a"), "/a").unwrap(), cursor());
    }

    #[test]
    fn a_forged_time_or_page_is_refused_though_its_checksum_is_right() {
        let ancient = Cursor { at: Timestamp::MIN, ..cursor() };
        let first = Cursor { page: 1, ..cursor() };
        for forged in [ancient, first] {
            assert_eq!(Cursor::decode(&forged.encode("/a"), "/a"), None);
        }
    }

    #[test]
    fn another_list_a_changed_byte_and_garbage_are_refused() {
        let text = cursor().encode("/a");
        let mut changed = text.clone().into_bytes();
        changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        for (text, scope) in
            [(text.as_str(), "/b"), (&changed, "/a"), ("", "/a"), ("%%%", "/a"), (&text[1..], "/a")]
        {
            assert_eq!(Cursor::decode(text, scope), None);
        }
    }
}
