//! An instant, and nothing more lenient.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::validation::refuse;

/// The pattern (ECMA-262), which leaves to the format which days and hours there are.
const PATTERN: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$";

/// An instant written as RFC 3339's `date-time`, such as `2026-11-21T10:00:00.123456Z` or `2026-11-21T07:00:00-03:00`, to
/// the nanosecond at most. It is written in UTC.
///
/// jiff's own `Timestamp` also reads a blank for the `T`, a comma for the point, other forms of an offset, a time zone
/// behind it, and years of six digits, down to one that Postgres does not have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DateTime(Timestamp);

impl DateTime {
    fn parse(text: &str) -> Option<Self> {
        is_shape(text).then(|| text.parse().ok()).flatten().map(Self)
    }
}

/// Whether a text fits [`PATTERN`].
fn is_shape(text: &str) -> bool {
    let Some((whole, rest)) = text.split_at_checked(19) else { return false };
    let (digits, offset) = match rest.strip_prefix('.') {
        None => (None, rest),
        Some(rest) => {
            let offset = rest.trim_start_matches(|it: char| it.is_ascii_digit());
            (Some(rest.len() - offset.len()), offset)
        }
    };
    fits(whole, "0000-00-00T00:00:00")
        && digits.is_none_or(|digits| (1..=9).contains(&digits))
        && ["Z", "+00:00", "-00:00"].iter().any(|shape| fits(offset, shape))
}

/// Whether a text has digits where the shape has `0`, and is the same elsewhere.
fn fits(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

impl From<DateTime> for Timestamp {
    fn from(at: DateTime) -> Self {
        at.0
    }
}

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// In UTC.
impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DateTime")
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = DateTime;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an instant")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DateTime, E> {
                let refused =
                    || refuse("INVALID_DATE_TIME", "must be an instant such as 2026-11-21T10:00:00Z");
                DateTime::parse(text).ok_or_else(refused)
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl JsonSchema for DateTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DateTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time", "pattern": PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_its_offset_and_written_in_utc() {
        for (text, written) in [
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21T07:00:00.5-03:00", "2026-11-21T10:00:00.5Z"),
            ("2026-11-21T10:00:00.123456789+00:00", "2026-11-21T10:00:00.123456789Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
            ("2024-02-29T23:59:59+23:59", "2024-02-29T00:00:59Z"),
        ] {
            assert_eq!(DateTime::parse(text).map(|at| at.to_string()).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn what_is_written_in_another_way_and_what_is_no_day_is_none() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T10:00Z",
            "2026-11-21T10:00:00",
            "2026-11-21 10:00:00Z",
            "2026-11-21t10:00:00z",
            "2026-11-21T10:00:00 03:00",
            "2026-11-21T10:00:00,5Z",
            "2026-11-21T10:00:00.Z",
            "2026-11-21T10:00:00.1234567890Z",
            "2026-11-21T10:00:00+03",
            "2026-11-21T10:00:00+0300",
            "2026-11-21T10:00:00Z[UTC]",
            "20261121T100000Z",
            "-009999-01-02T01:59:59Z",
            "+002026-11-21T10:00:00Z",
            "2026-02-29T10:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T10:00:00+99:00",
            "9999-12-31T23:59:59Z",
            "２026-11-21T10:00:00Z",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }
}
