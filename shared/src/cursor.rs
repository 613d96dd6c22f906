//! Cursor pagination (B8): by row comparison on `(time, id)`, newest first.
//!
//! A cursor is opaque and holds a time, an id and the page's number, nothing of the rows. Its checksum binds it to
//! the route and filters it came from, so one list's cursor does not steer another.

use crate::validation::{Place, Violation};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Rows are counted up to here.
pub const COUNTED_AT_MOST: i64 = 10_001;

const LENGTH: usize = 4 + 8 + 16 + CHECKSUM;
const CHECKSUM: usize = 8;

/// The place behind which the next page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the page it leads to, from 2 on.
    pub page: u32,
    /// The sort key of the last row seen.
    pub at: Timestamp,
    /// The id of the last row seen, which settles ties.
    pub id: Uuid,
}

impl Cursor {
    /// The opaque text, bound to `scope`: the route's template and the filters.
    pub fn encode(&self, scope: &str) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.page.to_be_bytes());
        bytes.extend(self.at.as_microsecond().to_be_bytes());
        bytes.extend(self.id.as_bytes());
        let checksum = checksum(&bytes, scope);
        bytes.extend(checksum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor of a text that [`Cursor::encode`] made for the same `scope`; anything else is a violation.
    pub fn decode(text: &str, scope: &str) -> Result<Self, Violation> {
        Self::read(text, scope).ok_or_else(|| Violation {
            place: Place::Query,
            pointer: "/cursor".to_owned(),
            code: "INVALID_CURSOR",
            message: "must be the nextCursor of the page before, unchanged".to_owned(),
        })
    }

    fn read(text: &str, scope: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .filter(|bytes| bytes.len() == LENGTH)?;
        let (payload, given) = bytes.split_last_chunk::<CHECKSUM>()?;
        if *given != checksum(payload, scope) {
            return None;
        }
        let (page, rest) = payload.split_first_chunk::<4>()?;
        let (at, id) = rest.split_first_chunk::<8>()?;
        Some(Self {
            page: u32::from_be_bytes(*page),
            at: Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

fn checksum(payload: &[u8], scope: &str) -> [u8; CHECKSUM] {
    let digest = Sha256::new()
        .chain_update(payload)
        .chain_update(scope.as_bytes())
        .finalize();
    let mut checksum = [0; CHECKSUM];
    checksum
        .iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            page: 2,
            at: "2026-11-21T10:00:00.123456Z".parse().unwrap(),
            id: Uuid::from_u128(42),
        }
    }

    #[test]
    fn a_cursor_survives_its_own_list() {
        assert_eq!(Cursor::decode(&cursor().encode("/a"), "/a").unwrap(), cursor());
    }

    #[test]
    fn another_list_a_changed_byte_and_garbage_are_refused() {
        let text = cursor().encode("/a");
        let mut changed = text.clone().into_bytes();
        changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        for (text, scope) in [
            (text.as_str(), "/b"),
            (&changed, "/a"),
            ("", "/a"),
            ("%%%", "/a"),
            (&text[1..], "/a"),
        ] {
            assert_eq!(Cursor::decode(text, scope).unwrap_err().code, "INVALID_CURSOR");
        }
    }
}
