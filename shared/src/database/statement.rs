//! A statement as a value: SQL as plain text, typed parameters, and a decoder that refuses impossible rows.

use crate::validation::{Patch, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};
use uuid::Uuid;

/// A row that does not decode. The error names a column, never a value.
#[derive(Debug, thiserror::Error)]
#[error("column {0} does not decode")]
pub struct DecodeError(pub String);

/// The columns of one row, by name.
pub struct Columns<'a>(pub(super) &'a Row);

impl Columns<'_> {
    /// The column's value; an error for a missing column or another type.
    pub fn get<'r, T: FromSql<'r>>(&'r self, name: &str) -> Result<T, DecodeError> {
        self.0.try_get(name).map_err(|_| DecodeError(name.to_owned()))
    }

    /// The column's text, as [`Text`], which no log line shows.
    pub fn text(&self, name: &str) -> Result<Text, DecodeError> {
        Text::try_from(self.get::<&str>(name)?).map_err(|_| DecodeError(name.to_owned()))
    }

    /// The column's text, read as one of a few names, such as a role's.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, DecodeError> {
        self.get::<&str>(name)?.parse().map_err(|_| DecodeError(name.to_owned()))
    }

    /// As [`Columns::text`], for a column that may be NULL.
    pub fn optional_text(&self, name: &str) -> Result<Option<Text>, DecodeError> {
        self.get::<Option<&str>>(name)?.map(|_| self.text(name)).transpose()
    }
}

/// A type that can be a parameter, and its type in Postgres. A statement sent with its types needs no name, and only an
/// unnamed statement survives a transaction pooler.
pub trait Bind: ToSql + Send + Sync + 'static {
    /// The parameter's type in Postgres.
    const TYPE: Type;
}

macro_rules! bind {
    ($($rust:ty => $postgres:ident),* $(,)?) => {
        $( impl Bind for $rust { const TYPE: Type = Type::$postgres; } )*
    };
}

bind! {
    bool => BOOL,
    i32 => INT4,
    i64 => INT8,
    f64 => FLOAT8,
    String => TEXT,
    &'static str => TEXT,
    Uuid => UUID,
    Timestamp => TIMESTAMPTZ,
    tokio_postgres::types::Timestamp<Timestamp> => TIMESTAMPTZ,
    Date => DATE,
    Value => JSONB,
    Vec<u8> => BYTEA,
    Vec<i32> => INT4_ARRAY,
    Vec<i64> => INT8_ARRAY,
    Vec<f64> => FLOAT8_ARRAY,
    Vec<Timestamp> => TIMESTAMPTZ_ARRAY,
    Vec<Uuid> => UUID_ARRAY,
    Vec<String> => TEXT_ARRAY,
    Vec<&'static str> => TEXT_ARRAY,
}

impl<T: Bind> Bind for Option<T> {
    const TYPE: Type = T::TYPE;
}

pub(super) type Parameter = (Box<dyn ToSql + Send + Sync>, Type);
pub(super) type Decoder<R> = fn(&Columns<'_>) -> Result<R, DecodeError>;

/// SQL, its parameters, and how its rows become `R`.
pub struct Statement<R> {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) decode: Decoder<R>,
}

impl Statement<()> {
    /// A statement whose rows, if any, are not read. `name` is `<module>.<what it does>`.
    pub fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, parameters: Vec::new(), decode: |_| Ok(()) }
    }
}

impl<R> Statement<R> {
    /// Adds the next parameter: `$1`, `$2`, …
    #[must_use]
    pub fn bind<T: Bind>(mut self, value: T) -> Self {
        self.parameters.push((Box::new(value), T::TYPE));
        self
    }

    /// Adds the next two parameters for a field of a patch: whether the field is given, and its value. In the statement:
    /// `CASE WHEN $5 THEN $6 ELSE birth_date END`.
    #[must_use]
    pub fn patch<T: Bind>(self, field: Patch<T>) -> Self {
        let field = field.into_option();
        self.bind(field.is_some()).bind(field.flatten())
    }

    /// Sets the decoder of a row.
    pub fn decode<S>(self, decode: Decoder<S>) -> Statement<S> {
        Statement { name: self.name, sql: self.sql, parameters: self.parameters, decode }
    }

    /// Decodes the one column of a reply, which is JSON text:
    /// `SELECT set_config('app.reply', jsonb_build_object(…)::text, true) AS reply …`. The setting hands the reply
    /// to the statement that stores it under the idempotency key, in the same transaction.
    pub fn reply<S: DeserializeOwned>(self) -> Statement<S> {
        self.decode(|columns| {
            let text: &str = columns.get("reply")?;
            serde_json::from_str(text).map_err(|_| DecodeError("reply".to_owned()))
        })
    }

    /// The SQL as sent.
    pub fn sql(&self) -> &'static str {
        self.sql
    }
}

impl<R> fmt::Debug for Statement<R> {
    /// The name only: parameters are personal.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Statement({})", self.name)
    }
}
