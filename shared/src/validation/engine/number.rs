//! Numbers by their spelling, which a float does not keep.

use serde::de::IgnoredAny;
use serde_json::Number;

/// The most digits of a whole number of 64 bits.
const MAX_DIGITS: usize = 20;

/// What a number of JSON is, by its spelling.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spelled {
    /// A whole number of 64 bits.
    Whole(Number),
    /// A whole number of more.
    Beyond,
    /// Any other number.
    Fraction,
}

/// Reads `text`, a number in JSON.
///
/// `254.0` and `2.54e2` are integers: JSON Schema (2020-12, validation, §6.1.1)
/// goes by the value. A float would round `0.99999999999999999999` to one.
pub(super) fn read(text: &str) -> Spelled {
    let (sign, size) = text.strip_prefix('-').map_or((1, text), |size| (-1, size));
    let (mantissa, exponent) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Spelled::Whole(Number::from(0));
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let of_length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    // An exponent of more digits than fit is as good as the largest.
    let limit = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let exponent = exponent.parse::<i64>().unwrap_or(limit);
    let zeros = exponent.saturating_add(of_length(trailing)).saturating_sub(of_length(after.len()));
    // Below zero, digits are left behind the point.
    let Ok(zeros) = usize::try_from(zeros) else { return Spelled::Fraction };
    if significant.len().saturating_add(zeros) > MAX_DIGITS {
        return Spelled::Beyond;
    }
    let value = format!("{significant}{}", "0".repeat(zeros)).parse::<i128>().ok();
    value.and_then(|value| Number::from_i128(sign * value)).map_or(Spelled::Beyond, Spelled::Whole)
}

/// Whether `text` is one number as JSON writes it, of whatever size.
pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(|it: char| it == '-' || it.is_ascii_digit())
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The document with every number that is too large for a float in another spelling that is as long, so that it can be
/// read: [`Spellings`] have them as they are. None where there is no such number.
pub(super) fn tamed(document: &str) -> Option<String> {
    let is_wild = |number: &&str| number.parse().is_ok_and(f64::is_infinite) && is_number(number);
    let mut tamed: Option<String> = None;
    for number in Spellings::of(document).filter(is_wild) {
        let place = number.as_ptr() as usize - document.as_ptr() as usize;
        let (sign, size) = number.strip_prefix('-').map_or(("", number), |size| ("-", size));
        let other = match size.len() {
            ..7 => format!("{sign}{:0<1$}e300", "1", size.len() - 4),
            length => format!("{sign}{:0<1$}e300", "1.", length - 4),
        };
        tamed.get_or_insert_with(|| document.to_owned()).replace_range(place..place + number.len(), &other);
    }
    tamed
}

/// The numbers of a JSON document as written, in their order.
#[derive(Default)]
pub(super) struct Spellings<'t> {
    rest: &'t str,
}

impl<'t> Spellings<'t> {
    pub(super) fn of(document: &'t str) -> Self {
        Self { rest: document }
    }
}

impl<'t> Iterator for Spellings<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            let begins = |it: char| matches!(it, '"' | '-' | '0'..='9');
            let (_, found) = self.rest.split_at_checked(self.rest.find(begins)?)?;
            if let Some(text) = found.strip_prefix('"') {
                self.rest = behind_text(text);
                continue;
            }
            let is_part = |it: char| matches!(it, '+' | '-' | '.' | '0'..='9' | 'E' | 'e');
            let end = found.find(|it| !is_part(it)).unwrap_or(found.len());
            let (number, rest) = found.split_at_checked(end)?;
            self.rest = rest;
            return Some(number);
        }
    }
}

/// The text behind a string whose opening quotation mark is already read.
fn behind_text(text: &str) -> &str {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => drop(characters.next()),
            _ => {}
        }
    }
    characters.as_str()
}
