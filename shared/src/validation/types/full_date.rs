//! A calendar date, and nothing more lenient.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::validation::refuse;

/// A date written as RFC 3339's `full-date`, such as `2024-02-29`.
///
/// jiff's own `Date` also reads `20240229`, `-000001-01-01` and a whole date
/// with a time, of which it drops the time in silence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct FullDate(Date);

impl FullDate {
    /// The date.
    #[must_use]
    pub fn date(self) -> Date {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let is_shape = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_shape {
            return None;
        }
        text.parse().ok().map(Self)
    }
}

impl From<Date> for FullDate {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl From<FullDate> for Date {
    fn from(date: FullDate) -> Self {
        date.0
    }
}

impl fmt::Debug for FullDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FullDate")
    }
}

impl<'de> Deserialize<'de> for FullDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = FullDate;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a date")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FullDate, E> {
                FullDate::parse(text)
                    .ok_or_else(|| refuse("INVALID_DATE", "must be a date written as YYYY-MM-DD"))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl JsonSchema for FullDate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Date::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Date::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Date::json_schema(generator)
    }
}
