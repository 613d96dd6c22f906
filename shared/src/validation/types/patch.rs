//! Fields of a JSON merge patch (RFC 7396).
//!
//! Always write `#[serde(default, skip_serializing_if = "Patch::is_keep")]`.
//! Without `default` an absent field is an error, not a `Clear`: forgetting the
//! attribute must not delete data. The second part keeps `"default": null` out
//! of the published schema.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use validator::{
    AsRegex, Validate, ValidateEmail, ValidateLength, ValidateRange, ValidateRegex, ValidationErrors,
};

use crate::validation::refuse;

/// A field that may be left out, set to `null`, or given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Patch<T> {
    /// Absent: keep what is stored.
    #[default]
    Keep,
    /// `null`: remove what is stored.
    Clear,
    /// A new value.
    Set(T),
}

/// A field that may be left out or given, but not removed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Replace<T> {
    /// Absent: keep what is stored.
    #[default]
    Keep,
    /// A new value.
    Set(T),
}

/// The value inside a field, for rules of our own: `custom(function = ...)` hands
/// the whole field over, and a rule for `&impl MaybeValue<Text>` serves `Text`,
/// `Patch<Text>` and `Replace<Text>` alike.
pub trait MaybeValue<T: ?Sized> {
    /// The value, if the field has one.
    fn given(&self) -> Option<&T>;
}

impl<T: ?Sized> MaybeValue<T> for T {
    fn given(&self) -> Option<&T> {
        Some(self)
    }
}

/// Validator hands an `Option` field over as a reference to a reference.
impl<T: ?Sized> MaybeValue<T> for &T {
    fn given(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T> Patch<T> {
    /// For `skip_serializing_if`.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The same with another value, such as `phone.map(String::from)` for a parameter of a statement.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }

    /// `None` to keep, `Some(None)` to clear, `Some(Some(value))` to set.
    #[must_use]
    pub fn into_option(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<T> Replace<T> {
    /// For `skip_serializing_if`.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// `None` to keep.
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// The code that both types share. `$null` is the meaning of `null`.
macro_rules! patch_type {
    ($name:ident, $null:expr) => {
        impl<T> MaybeValue<T> for $name<T> {
            fn given(&self) -> Option<&T> {
                match self {
                    Self::Set(value) => Some(value),
                    _ => None,
                }
            }
        }

        /// Prints the state only.
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }

        /// The value or `null`. Never fails, which validator counts on.
        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Set(value) => value.serialize(serializer),
                    _ => serializer.serialize_none(),
                }
            }
        }

        impl<'de, T: Deserialize<'de>> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader<T>(PhantomData<T>);

                impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
                    type Value = $name<T>;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("a value")
                    }

                    /// `null` in the document.
                    fn visit_unit<E: Error>(self) -> Result<$name<T>, E> {
                        $null
                    }

                    /// An absent field whose `#[serde(default)]` was forgotten.
                    fn visit_none<E: Error>(self) -> Result<$name<T>, E> {
                        Err(E::missing_field(""))
                    }

                    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<$name<T>, D::Error> {
                        T::deserialize(deserializer).map($name::Set)
                    }
                }

                deserializer.deserialize_option(Reader(PhantomData))
            }
        }

        impl<T: ValidateLength<u64>> ValidateLength<u64> for $name<T> {
            fn length(&self) -> Option<u64> {
                self.given().and_then(T::length)
            }
        }

        impl<T: ValidateRange<U>, U> ValidateRange<U> for $name<T> {
            fn greater_than(&self, limit: U) -> Option<bool> {
                self.given().and_then(|value: &T| value.greater_than(limit))
            }

            fn less_than(&self, limit: U) -> Option<bool> {
                self.given().and_then(|value: &T| value.less_than(limit))
            }
        }

        impl<T: ValidateEmail> ValidateEmail for $name<T> {
            fn as_email_string(&self) -> Option<Cow<'_, str>> {
                self.given().and_then(T::as_email_string)
            }

            fn validate_email(&self) -> bool {
                self.given().is_none_or(T::validate_email)
            }
        }

        impl<T: ValidateRegex> ValidateRegex for $name<T> {
            fn validate_regex(&self, regex: impl AsRegex) -> bool {
                self.given().is_none_or(|value: &T| value.validate_regex(regex))
            }
        }

        impl<T: Validate> Validate for $name<T> {
            fn validate(&self) -> Result<(), ValidationErrors> {
                self.given().map_or(Ok(()), T::validate)
            }
        }
    };
}

patch_type!(Patch, Ok(Patch::Clear));
patch_type!(Replace, Err(refuse("INVALID_TYPE", "must not be null")));

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        <Option<T>>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        <Option<T>>::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        <Option<T>>::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Option<T>>::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Replace<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
