//! The number that a clinic has at the tax office: the CPF of a person, or the CNPJ of a company.
//!
//! A CNPJ may have letters since July 2026 (Instrução Normativa RFB 2.229/2024): a letter counts by its place in ASCII less
//! 48, as a digit does, and the two digits at the end stay digits.

/// The pattern of [`is_valid`], for the contract: what a pattern can say of it.
pub(super) const DOCUMENT: &str = "^(?:[0-9]{11}|[0-9A-Z]{12}[0-9]{2})$";

/// Whether it is a CPF or a CNPJ, without dots and strokes, whose last two digits are those of the others.
pub(super) fn is_valid(document: &str) -> bool {
    let values: Option<Vec<u32>> = document.bytes().map(value).collect();
    let Some(values) = values else { return false };
    let is_one_digit = values.windows(2).all(|pair| pair.first() == pair.last());
    let has_letters = values.iter().any(|value| *value > 9);
    let first = match values.len() {
        11 if !has_letters => 10,
        14 => 5,
        _ => return false,
    };
    !is_one_digit && ends_with(&values, first)
}

/// Whether the last two are the check digits of those before them. The weights fall from `first` to 2 and, of a CNPJ, from 9
/// again; with the first check digit all of them begin one higher.
fn ends_with(values: &[u32], first: u32) -> bool {
    let Some((values, [tenth, last])) = values.split_last_chunk::<2>() else { return false };
    let with_tenth: Vec<u32> = values.iter().chain([tenth]).copied().collect();
    check_digit(values, first) == *tenth && check_digit(&with_tenth, first + 1) == *last
}

fn check_digit(values: &[u32], first: u32) -> u32 {
    let (mut weight, mut sum) = (first, 0);
    for value in values {
        sum += value * weight;
        weight = if weight == 2 { 9 } else { weight - 1 };
    }
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn value(byte: u8) -> Option<u32> {
    (byte.is_ascii_digit() || byte.is_ascii_uppercase()).then(|| u32::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_their_check_digits_are_valid() {
        for valid in [
            "52998224725",
            "11144477735",
            "00000000191",
            "11222333000181",
            "00000000000191",
            "12ABC34501DE35",
        ] {
            assert!(is_valid(valid), "{valid}");
        }
    }

    #[test]
    fn one_digit_that_is_another_is_found_at_each_place() {
        for valid in ["52998224725", "11222333000181", "12ABC34501DE35"] {
            // A letter eleven places on has the same value of eleven.
            let digits = (0..valid.len()).filter(|place| valid.as_bytes()[*place].is_ascii_digit());
            for place in digits {
                let mut other = valid.to_owned().into_bytes();
                other[place] = if other[place] == b'9' { b'8' } else { b'9' };
                assert!(!is_valid(std::str::from_utf8(&other).unwrap()), "{valid} {place}");
            }
        }
    }

    #[test]
    fn what_is_no_such_number_is_not() {
        for none in [
            "",
            "5299822472",
            "529982247255",
            "529.982.247-25",
            "11111111111",
            "00000000000000",
            "12abc34501de35",
            "12ABC34501DEAB",
            "5299822472\u{665}",
            "A2998224725",
        ] {
            assert!(!is_valid(none), "{none}");
        }
    }
}
