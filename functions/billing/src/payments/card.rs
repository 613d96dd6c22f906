//! Cards, as they may be named: by the provider's ids. Their numbers are nobody's to send here (PCI DSS 3.3).

use shared::failure::Problem;
use shared::validation::Text;
use std::borrow::Cow;
use validator::ValidationError;

/// The pattern of what money is taken by, for the contract: the provider's id of a card, or Pix.
pub(super) const PAYMENT_METHOD: &str = "^(pix|(pm|tok)_[A-Za-z0-9_]{1,120})$";

/// What asks for a Pix.
pub(super) const PIX: &str = "pix";

/// The problem of [`no_card_data`].
pub(crate) const CARD_DATA_NOT_ACCEPTED: Problem = Problem::new(
    400,
    "CARD_DATA_NOT_ACCEPTED",
    "No card numbers here",
    "This looks like the number of a card, which nobody here may see. Leave it out; a card is charged by the provider's id, pm_ or tok_, in paymentMethod of a payment.",
);

/// The problem of [`payment_method`].
pub(super) const INVALID_PAYMENT_METHOD: Problem = Problem::new(
    400,
    "INVALID_PAYMENT_METHOD",
    "Invalid payment method",
    "Send the provider's id of a card, pm_ or tok_ and letters, digits or underscores, or pix.",
)
.at("/paymentMethod");

fn refusal(problem: &Problem, message: &'static str) -> ValidationError {
    ValidationError::new(problem.code).with_message(Cow::Borrowed(message))
}

/// The provider's id of a card, or Pix.
pub(super) fn payment_method(id: &Text) -> Result<(), ValidationError> {
    no_card_data(id)?;
    if id.as_str() == PIX || is_card_id(id.as_str()) {
        return Ok(());
    }
    let message = "must be the provider's id of a card, such as pm_card_visa, or pix";
    Err(refusal(&INVALID_PAYMENT_METHOD, message))
}

/// No number of a card.
pub(crate) fn no_card_data(text: &Text) -> Result<(), ValidationError> {
    if has_card_number(text.as_str()) || has_grouped_number(text.as_str()) {
        return Err(refusal(&CARD_DATA_NOT_ACCEPTED, "must not have the number of a card"));
    }
    Ok(())
}

/// Whether a text has the form of the provider's ids of cards.
fn is_card_id(text: &str) -> bool {
    let rest = text.strip_prefix("pm_").or_else(|| text.strip_prefix("tok_"));
    rest.is_some_and(|rest| {
        (1..=120).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether a text has what looks like the number of a card: 13 to 19 digits, apart by nothing, a blank, a hyphen or a point,
/// that begin as cards do (ISO/IEC 7812) and end in the digit that checks them (Luhn).
fn has_card_number(text: &str) -> bool {
    let mut digits: Vec<u32> = Vec::new();
    let mut gap = 0;
    for character in text.chars().chain(['x', 'x']) {
        match digit(character) {
            Some(digit) => {
                digits.push(digit);
                gap = 0;
            }
            None if matches!(character, ' ' | '-' | '.' | '\u{a0}' | '_') && gap == 0 => gap = 1,
            None => {
                if is_card_number(&digits) {
                    return true;
                }
                digits.clear();
                gap = 0;
            }
        }
    }
    false
}

/// Digits that stand together, and where in the text they begin and end.
#[derive(Default)]
struct Group {
    digits: Vec<u32>,
    from: usize,
    to: usize,
}

/// Whether a text has the number of a card in the groups in which cards have it, 4-4-4-4 or 4-6-5, whatever is between them.
fn has_grouped_number(text: &str) -> bool {
    let mut groups: Vec<Group> = Vec::new();
    for (at, letter) in text.char_indices() {
        let Some(digit) = digit(letter) else { continue };
        if groups.last().is_none_or(|last| last.to != at) {
            groups.push(Group { from: at, ..Group::default() });
        }
        if let Some(last) = groups.last_mut() {
            last.digits.push(digit);
            last.to = at + letter.len_utf8();
        }
    }
    let is_near = |one: &Group, next: &Group| {
        let gap = text.get(one.to..next.from).unwrap_or_default();
        gap.chars().count() <= 3 && !gap.chars().any(char::is_alphanumeric)
    };
    let is_card = |groups: &[Group], sizes: &[usize]| {
        groups.iter().zip(sizes).all(|(group, size)| group.digits.len() == *size)
            && groups.iter().zip(groups.iter().skip(1)).all(|(one, next)| is_near(one, next))
            && is_card_number(&groups.iter().flat_map(|group| group.digits.clone()).collect::<Vec<_>>())
    };
    let sizes: [&[usize]; 2] = [&[4, 4, 4, 4], &[4, 6, 5]];
    sizes.iter().any(|sizes| groups.windows(sizes.len()).any(|groups| is_card(groups, sizes)))
}

fn digit(letter: char) -> Option<u32> {
    letter.to_digit(10).or_else(|| other_digit(letter))
}

/// Digits of a full-width keyboard, and of Arabic ones.
fn other_digit(letter: char) -> Option<u32> {
    let from = |zero: u32| u32::from(letter).checked_sub(zero).filter(|digit| *digit <= 9);
    [0xFF10, 0x0660, 0x06F0].into_iter().find_map(from)
}

fn is_card_number(digits: &[u32]) -> bool {
    let first_four = digits.iter().take(4).fold(0, |number, digit| number * 10 + digit);
    let begins_as_cards = (3000..=6999).contains(&first_four) || (2221..=2720).contains(&first_four);
    (13..=19).contains(&digits.len()) && begins_as_cards && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let weighed = digits.iter().rev().enumerate();
    let sum: u32 = weighed.map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_named_by_the_providers_ids() {
        for id in ["pm_card_visa", "tok_visa", "pm_1", &format!("pm_{}", "a".repeat(120))] {
            assert!(is_card_id(id), "{id}");
        }
        for other in [
            "",
            "pm_",
            "tok_",
            "card_1",
            "PM_1",
            "pm_a-b",
            "pm_é",
            " pm_1",
            &format!("tok_{}", "a".repeat(121)),
        ] {
            assert!(!is_card_id(other), "{other}");
        }
    }

    #[test]
    fn numbers_of_cards_are_known_however_they_are_written() {
        for number in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "card 5555.5555.5555.4444, thanks",
            "378282246310005",
            "6011111111111117",
            "2223003122003222",
            "４２４２４２４２４２４２４２４２",
            "4000056655665556",
            "pm_4242424242424242",
        ] {
            assert!(has_card_number(number), "{number}");
        }
        for number in [
            "4242  4242  4242  4242",
            "4242\u{2013}4242\u{2013}4242\u{2013}4242",
            "card 4242/4242/4242/4242",
            "4242, 4242, 4242, 4242",
            "4242\u{200b}4242\u{200b}4242\u{200b}4242",
            "3782 - 822463 - 10005",
            "\u{664}\u{662}\u{664}\u{662} \u{664}\u{662}\u{664}\u{662} \u{664}\u{662}\u{664}\u{662} \u{664}\u{662}\u{664}\u{662}",
        ] {
            assert!(has_grouped_number(number), "{number}");
        }
    }

    #[test]
    fn other_digits_are_no_numbers_of_cards() {
        for other in [
            "",
            "4242424242424241",
            "Sessions of 2026-11-21 and 2026-11-28",
            "2026-11-21 2026-11-28",
            "529.982.247-25",
            "+55 11 98765-4321",
            "424242424242",
            "42424242424242424242424242424242",
            "1234567812345670",
            "pm_card_visa",
        ] {
            assert!(!has_card_number(other) && !has_grouped_number(other), "{other}");
        }
        for other in ["Sessions 5/11, 12/11, 19/11, 26/11", "4242 of 4242 and 4242 and 4242"] {
            assert!(!has_grouped_number(other), "{other}");
        }
    }
}
