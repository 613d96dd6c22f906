//! The rules of a patient's fields, for creating and editing alike.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::Offset};
use shared::failure::Problem;
use shared::validation::{FullDate, MaybeValue, Text};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;
use validator::ValidationError;

/// The pattern of a phone number (E.164), for the contract.
pub(crate) const PHONE: &str = r"^\+[1-9][0-9]{6,14}$";

/// The pattern of a birth date, for the contract: 1900 or later.
pub(crate) const BIRTH_DATE: &str = "^(19[0-9]{2}|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$";

/// The problems of these rules.
pub(crate) const RULES: &[Problem] = &[
    Problem::new(
        400,
        "INVALID_PHONE",
        "Invalid phone number",
        "Send the number in the international form of E.164: a plus sign, country code and number, such as +5511987654321.",
    )
    .at("/phone"),
    Problem::new(
        400,
        "BIRTH_DATE_TOO_EARLY",
        "Birth date too early",
        "Send a birth date of 1900-01-01 or later.",
    )
    .at("/birthDate"),
    Problem::new(
        400,
        "BIRTH_DATE_IN_FUTURE",
        "Birth date in the future",
        "Send a birth date of today or earlier.",
    )
    .at("/birthDate"),
    Problem::new(
        400,
        "INVALID_DOCUMENT",
        "Invalid document",
        "Send an identity document with at least one letter or digit.",
    )
    .at("/document"),
];

fn refusal(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Borrowed(message))
}

/// E.164: `+`, no leading zero, 7 to 15 digits.
pub(crate) fn phone(phone: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    let Some(phone) = phone.given() else { return Ok(()) };
    let digits = phone.as_str().strip_prefix('+').unwrap_or("");
    let well_formed = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed {
        return Ok(());
    }
    Err(refusal("INVALID_PHONE", "must be a phone number in E.164 form such as +5511987654321"))
}

/// From 1900 on, and no day that has begun nowhere on Earth.
pub(crate) fn birth_date(date: &impl MaybeValue<FullDate>, now: &Timestamp) -> Result<(), ValidationError> {
    match date.given() {
        Some(date) if date.date() < Date::constant(1900, 1, 1) => {
            Err(refusal("BIRTH_DATE_TOO_EARLY", "must be 1900-01-01 or later"))
        }
        Some(date) if is_in_the_future(*date, *now) => {
            Err(refusal("BIRTH_DATE_IN_FUTURE", "must be today or earlier"))
        }
        _ => Ok(()),
    }
}

/// A document has a letter or a digit to be compared by.
pub(crate) fn document(document: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    match document.given() {
        Some(document) if document_key(document.as_str()).is_empty() => {
            Err(refusal("INVALID_DOCUMENT", "must have at least one letter or digit"))
        }
        _ => Ok(()),
    }
}

/// The form in which documents are compared: letters and digits in their compatible form (NFKC), in upper case.
pub(crate) fn document_key(document: &str) -> String {
    document.nfkc().filter(|character| character.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether `date` has begun nowhere on Earth yet (UTC+14 is first).
fn is_in_the_future(date: FullDate, now: Timestamp) -> bool {
    let first_zone = now + SignedDuration::from_hours(14);
    date.date() > Offset::UTC.to_datetime(first_zone).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::try_from(text).unwrap()
    }

    fn day(year: i16, month: i8, day: i8) -> FullDate {
        Date::constant(year, month, day).into()
    }

    #[test]
    fn phones_are_e_164() {
        for good in ["+5511987654321", "+4930123456", "+1234567", "+123456789012345"] {
            assert!(phone(&text(good)).is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "5511987654321",
            "+0511987654321",
            "+123456",
            "+1234567890123456",
            "+55 11 98765",
            "+١٢٣٤٥٦٧",
        ] {
            assert_eq!(phone(&text(bad)).unwrap_err().code, "INVALID_PHONE", "{bad}");
        }
    }

    #[test]
    fn birth_dates_begin_with_1900() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        assert!(birth_date(&day(1900, 1, 1), &now).is_ok());
        assert_eq!(birth_date(&day(1899, 12, 31), &now).unwrap_err().code, "BIRTH_DATE_TOO_EARLY");
        assert_eq!(birth_date(&day(2026, 11, 23), &now).unwrap_err().code, "BIRTH_DATE_IN_FUTURE");
    }

    #[test]
    fn a_birth_date_is_in_the_future_once_no_zone_has_reached_it() {
        let noon: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        assert!(!is_in_the_future(day(2026, 11, 22), noon), "at UTC+14 it is the 22nd already");
        assert!(is_in_the_future(day(2026, 11, 23), noon));
        let morning: Timestamp = "2026-11-21T09:59:59Z".parse().unwrap();
        assert!(is_in_the_future(day(2026, 11, 22), morning));
    }

    #[test]
    fn punctuation_and_case_make_no_other_document() {
        assert_eq!(document_key("123.456.789-0x"), document_key("1234567890X"));
        assert_eq!(document_key("\u{ff11}23"), document_key("123"));
        assert!(document(&text("..-")).is_err());
        assert!(document(&text("A1")).is_ok());
    }
}
