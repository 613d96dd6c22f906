//! Numbers by their spelling, which a float does not keep.

use serde_json::Number;

/// The most digits of a whole number of 64 bits.
const MAX_DIGITS: usize = 20;

/// The whole number that `text`, a number in JSON, stands for; `None` for a
/// fraction and for a number of more than 64 bits.
///
/// `254.0` and `2.54e2` are integers: JSON Schema (2020-12, validation, §6.1.1)
/// goes by the value. A float would round `0.99999999999999999999` to one.
pub(super) fn whole(text: &str) -> Option<Number> {
    let (sign, size) = text.strip_prefix('-').map_or((1, text), |size| (-1, size));
    let (mantissa, exponent) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some(Number::from(0));
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let run = i64::try_from(trailing).ok()? - i64::try_from(after.len()).ok()?;
    // Below zero, digits are left behind the point.
    let zeros = usize::try_from(exponent.parse::<i64>().ok()?.checked_add(run)?).ok()?;
    if significant.len().saturating_add(zeros) > MAX_DIGITS {
        return None;
    }
    let value: i128 = format!("{significant}{}", "0".repeat(zeros)).parse().ok()?;
    Number::from_i128(sign * value)
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
