//! Passwords, as people type them on whatever keyboard they have.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use validator::ValidateLength;

use super::Secret;
use crate::validation::refuse;

/// A password, prepared before it is hashed or compared (RFC 8265 §4.2, `OpaqueString`): every space is the plain one,
/// and the rest is in NFC, so that it is the same password on a keyboard that composes `ã` and on one that does not. It
/// is not trimmed and keeps its case. Control characters are refused. Lengths count the characters of the prepared form.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Password(Secret);

impl Password {
    /// Prepares a password.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        Self(Secret::new(raw.chars().map(|it| if is_space(it) { ' ' } else { it }).nfc().collect()))
    }

    /// The password; the name makes its uses easy to find.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Unicode's spaces (category Zs) beside U+0020.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Secret::deserialize(deserializer)?;
        if raw.expose().chars().any(char::is_control) {
            return Err(refuse("INVALID_CHARACTERS", "must not contain control characters"));
        }
        Ok(Self::new(raw.expose()))
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[^\u0000-\u001F\u007F-\u009F]*$", "writeOnly": true })
    }
}

impl ValidateLength<u64> for Password {
    fn length(&self) -> Option<u64> {
        self.0.length()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<String> {
        serde_json::from_value::<Password>(raw.into()).ok().map(|password| password.expose().to_owned())
    }

    #[test]
    fn the_keyboard_makes_no_other_password() {
        let composed = "cora\u{E7}\u{E3}o de m\u{E3}e";
        assert_eq!(read("corac\u{327}a\u{303}o de ma\u{303}e").as_deref(), Some(composed));
        for space in
            ['\u{A0}', '\u{1680}', '\u{2000}', '\u{2003}', '\u{200A}', '\u{202F}', '\u{205F}', '\u{3000}']
        {
            assert_eq!(read(&format!("a{space}b")).as_deref(), Some("a b"), "{space:?}");
        }
    }

    #[test]
    fn whatever_else_differs_is_another_password() {
        for (one, other) in [("Senha", "senha"), (" senha", "senha"), ("\u{212B}", "A"), ("\u{FF41}", "a")] {
            assert_ne!(read(one), read(other), "{one:?}");
        }
        assert_eq!(read("\u{212B}"), read("\u{C5}"), "the same letter in two code points");
    }

    #[test]
    fn control_characters_are_refused_and_nothing_is_shown() {
        for bad in ["\0", "a\tb", "a\u{85}", "a\nb", "\u{7F}"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(format!("{:?}", Password::new("CANARY")), "Password(Secret)");
        assert_eq!(serde_json::to_value(Password::new("CANARY")).unwrap(), serde_json::Value::Null);
    }
}
