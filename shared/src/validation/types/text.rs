//! Strings that people typed.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use validator::{AsRegex, ValidateEmail, ValidateLength, ValidateRegex, ValidationError};

use super::MaybeValue;
use super::email::email_parts;
use crate::validation::engine::is_unsafe;
use crate::validation::{Refusal, refuse};

/// The refusal of a string with control characters.
const UNSAFE: Refusal =
    Refusal { code: "INVALID_CHARACTERS", message: "must not contain control characters" };

/// The refusal of a line that is more than one.
const BROKEN: Refusal = Refusal { code: "INVALID_CHARACTERS", message: "must be a single line" };

/// A class of characters of an ECMA-262 pattern: none of these. `not!(within a line)` also refuses U+2028 and U+2029,
/// which end a line; `not!(… and shows)` also what shows nothing ([`shows`]), as far as it is in the basic plane.
macro_rules! not {
    (within a line) => {
        r"[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]"
    };
    (within a text) => {
        r"[^\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]"
    };
    (within either, and shows) => {
        concat!(
            r"[^\s\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F",
            r"\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFDD0-\uFDEF\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF]",
        )
    };
}

const LINE: &str = concat!("^", not!(within a line), "*$");
const LINES: &str = concat!("^(?:", not!(within a text), r"|\t|\r?\n)*$");

/// The patterns of both types (ECMA-262), each with its form for a text that must not be empty: what shows nothing is
/// empty before it is measured.
pub const PATTERNS: [(&str, &str); 2] = [
    (LINE, concat!("^", not!(within a line), "*", not!(within either, and shows), not!(within a line), "*$")),
    (
        LINES,
        concat!(
            "^(?:",
            not!(within a text),
            r"|\t|\r?\n)*",
            not!(within either, and shows),
            "(?:",
            not!(within a text),
            r"|\t|\r?\n)*$",
        ),
    ),
];

/// Whether a character shows something, or takes part in what shows: no white space, none of the characters that
/// Unicode lets programs ignore (`Default_Ignorable_Code_Point`, UAX 44), no noncharacter, no empty braille cell.
fn shows(character: char) -> bool {
    let ignorable = matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}'..='\u{FFFF}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}');
    !ignorable && !character.is_whitespace() && character != '\u{2800}'
}

/// A rule of names: none holds a web address, because names stand in mails that carry our own address as sender.
pub fn without_link(name: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    match name.given() {
        Some(name)
            if name.as_str().chars().filter(|it| shows(*it)).nfkc().collect::<String>().contains("://") =>
        {
            Err(ValidationError::new(UNSAFE.code)
                .with_message(Cow::Borrowed("must not contain a web address")))
        }
        _ => Ok(()),
    }
}

/// NFC (Unicode annex 15), so that equal-looking names are equal; then trimmed. What shows nothing is empty.
fn tidy(raw: &str) -> String {
    if !raw.chars().any(shows) {
        return String::new();
    }
    if is_nfc_quick(raw.chars()) == IsNormalized::Yes {
        return raw.trim().to_owned();
    }
    let normal: String = raw.nfc().collect();
    normal.trim().to_owned()
}

fn one_line(raw: &str) -> Result<String, Refusal> {
    if raw.chars().any(is_unsafe) {
        return Err(UNSAFE);
    }
    if raw.contains(['\u{2028}', '\u{2029}']) {
        return Err(BROKEN);
    }
    Ok(tidy(raw))
}

fn many_lines(raw: &str) -> Result<String, Refusal> {
    let unified =
        if raw.contains("\r\n") { Cow::Owned(raw.replace("\r\n", "\n")) } else { Cow::Borrowed(raw) };
    let is_bad = |character| is_unsafe(character) && !matches!(character, '\n' | '\t');
    if unified.chars().any(is_bad) {
        return Err(UNSAFE);
    }
    Ok(tidy(&unified))
}

/// The code that both text types share; they differ only in the cleaning of the input.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $clean:ident, $pattern:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, taken out.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Refusal;

            fn try_from(raw: &str) -> Result<Self, Refusal> {
                $clean(raw).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Refusal;

            fn try_from(raw: String) -> Result<Self, Refusal> {
                Self::try_from(raw.as_str())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// Prints the type's name only: what people type may be personal.
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;

                impl Visitor<'_> for Reader {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("a string")
                    }

                    fn visit_str<E: Error>(self, raw: &str) -> Result<$name, E> {
                        $name::try_from(raw).map_err(|no| refuse(no.code, no.message))
                    }
                }

                deserializer.deserialize_str(Reader)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }

        impl ValidateLength<u64> for $name {
            fn length(&self) -> Option<u64> {
                self.0.length()
            }
        }

        impl ValidateEmail for $name {
            fn as_email_string(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Borrowed(&self.0))
            }

            fn validate_email(&self) -> bool {
                email_parts(&self.0).is_some()
            }
        }

        impl ValidateRegex for $name {
            fn validate_regex(&self, regex: impl AsRegex) -> bool {
                self.0.validate_regex(regex)
            }
        }
    };
}

text_type! {
    /// One line of text: NFC, trimmed, free of control characters and of the
    /// marks that turn the reading direction. Lengths count characters.
    ///
    /// It cannot be printed by accident: there is no `Display`, and `Debug` says the type's name.
    ///
    /// ```compile_fail
    /// let text = shared::validation::Text::try_from("Ana").unwrap();
    /// format!("{text}");
    /// ```
    Text, one_line, LINE
}

text_type! {
    /// Like [`Text`], but with line breaks and tabs; `\r\n` becomes `\n`.
    MultilineText, many_lines,
    LINES
}
