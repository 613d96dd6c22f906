//! Amounts in words, as a receipt has them beside the figures, so that neither is changed by a stroke.

use super::money::Money;
use shared::mail::Language;

const UNITS: [[&str; 20]; 2] = [
    [
        "zero",
        "um",
        "dois",
        "três",
        "quatro",
        "cinco",
        "seis",
        "sete",
        "oito",
        "nove",
        "dez",
        "onze",
        "doze",
        "treze",
        "quatorze",
        "quinze",
        "dezesseis",
        "dezessete",
        "dezoito",
        "dezenove",
    ],
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ],
];

const TENS: [[&str; 10]; 2] = [
    ["", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"],
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
];

const HUNDREDS: [&str; 10] = [
    "",
    "cento",
    "duzentos",
    "trezentos",
    "quatrocentos",
    "quinhentos",
    "seiscentos",
    "setecentos",
    "oitocentos",
    "novecentos",
];

/// A thousand to the power of the place, for one and for several.
const SCALES: [[(&str, &str); 4]; 2] = [
    [("", ""), ("mil", "mil"), ("milhão", "milhões"), ("bilhão", "bilhões")],
    [("", ""), ("thousand", "thousand"), ("million", "million"), ("billion", "billion")],
];

/// A currency's words in a language: one and several of it, one and several of its hundredths. Of the others the code is said.
fn names(language: Language, currency: &str) -> Option<[&'static str; 4]> {
    Some(match (language, currency) {
        (_, "BRL") => ["real", "reais", "centavo", "centavos"],
        (Language::Portuguese, "EUR") => ["euro", "euros", "centavo", "centavos"],
        (Language::Portuguese, "USD") => ["dólar", "dólares", "centavo", "centavos"],
        (Language::English, "EUR") => ["euro", "euros", "cent", "cents"],
        (Language::English, "USD") => ["dollar", "dollars", "cent", "cents"],
        _ => return None,
    })
}

/// The amount in words.
pub(super) fn in_words(language: Language, money: &Money<'_>) -> String {
    let (whole, part) = (money.whole(), money.part());
    let and = if language == Language::Portuguese { " e " } else { " and " };
    let Some([one, several, hundredth, hundredths]) = names(language, money.currency) else {
        let words = format!("{} {}", number(language, whole), money.currency);
        return match part {
            0 => words,
            part => format!("{words}{and}{part:0width$}/{}", money.parts(), width = money.digits()),
        };
    };
    let of_whole = || {
        // A million is a noun: "um milhão de reais".
        let of = if language == Language::Portuguese && whole != 0 && whole.is_multiple_of(1_000_000) {
            "de "
        } else {
            ""
        };
        format!("{} {of}{}", number(language, whole), if whole == 1 { one } else { several })
    };
    let of_part = || format!("{} {}", number(language, part), if part == 1 { hundredth } else { hundredths });
    match (whole, part) {
        (_, 0) => of_whole(),
        (0, _) => of_part(),
        _ => format!("{}{and}{}", of_whole(), of_part()),
    }
}

/// A number below 10¹² in words.
fn number(language: Language, number: u64) -> String {
    if number == 0 {
        return below_hundred(language, 0);
    }
    let groups: Vec<(usize, u64)> = (0..4)
        .rev()
        .map(|place| (place, number / 1_000_u64.pow(u32::try_from(place).unwrap_or(0)) % 1_000))
        .collect();
    let mut words = String::new();
    let last = groups.iter().rfind(|(_, group)| *group > 0).map_or(0, |(place, _)| *place);
    for (place, group) in groups.into_iter().filter(|(_, group)| *group > 0) {
        if !words.is_empty() {
            words.push_str(between(language, place == last, place, group));
        }
        words.push_str(&scaled(language, place, group));
    }
    words
}

/// What stands between a group and the one before it. In Portuguese an "e" before the last one, where that is below a hundred
/// or whole hundreds; in English an "and" before the last two digits.
fn between(language: Language, is_last: bool, place: usize, group: u64) -> &'static str {
    match language {
        Language::Portuguese if is_last && (group < 100 || group.is_multiple_of(100)) => " e ",
        Language::English if place == 0 && group < 100 => " and ",
        _ => " ",
    }
}

/// A group with its scale. A thousand is "mil" alone.
fn scaled(language: Language, place: usize, group: u64) -> String {
    let scales = match language {
        Language::Portuguese => &SCALES[0],
        Language::English => &SCALES[1],
    };
    let (one, several) = scales.get(place).copied().unwrap_or_default();
    match (language, place, group) {
        (_, 0, _) => below_thousand(language, group),
        (Language::Portuguese, 1, 1) => one.to_owned(),
        (_, _, 1) => format!("{} {one}", below_thousand(language, 1)),
        _ => format!("{} {several}", below_thousand(language, group)),
    }
}

fn below_thousand(language: Language, number: u64) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    let of_hundreds = match (language, hundreds, rest) {
        (_, 0, _) => return below_hundred(language, rest),
        (Language::Portuguese, 1, 0) => "cem".to_owned(),
        (Language::Portuguese, ..) => word(&HUNDREDS, hundreds).to_owned(),
        (Language::English, ..) => format!("{} hundred", below_hundred(language, hundreds)),
    };
    let and = if language == Language::Portuguese { "e" } else { "and" };
    if rest == 0 { of_hundreds } else { format!("{of_hundreds} {and} {}", below_hundred(language, rest)) }
}

fn below_hundred(language: Language, number: u64) -> String {
    let (units, tens) = match language {
        Language::Portuguese => (&UNITS[0], &TENS[0]),
        Language::English => (&UNITS[1], &TENS[1]),
    };
    if number < 20 {
        return word(units, number).to_owned();
    }
    let (ten, unit) = (word(tens, number / 10), number % 10);
    match (unit, language) {
        (0, _) => ten.to_owned(),
        (unit, Language::Portuguese) => format!("{ten} e {}", word(units, unit)),
        (unit, Language::English) => format!("{ten}-{}", word(units, unit)),
    }
}

fn word(words: &[&'static str], place: u64) -> &'static str {
    usize::try_from(place).ok().and_then(|place| words.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(language: Language, amount_minor: i64, currency: &str) -> String {
        in_words(language, &Money::of(amount_minor, currency))
    }

    #[test]
    fn reais_are_written_in_portuguese() {
        for (amount, expected) in [
            (1, "um centavo"),
            (16, "dezesseis centavos"),
            (100, "um real"),
            (200, "dois reais"),
            (1_600, "dezesseis reais"),
            (2_100, "vinte e um reais"),
            (10_000, "cem reais"),
            (10_100, "cento e um reais"),
            (10_101, "cento e um reais e um centavo"),
            (100_000, "mil reais"),
            (100_100, "mil e um reais"),
            (110_000, "mil e cem reais"),
            (123_456, "mil duzentos e trinta e quatro reais e cinquenta e seis centavos"),
            (200_000, "dois mil reais"),
            (2_100_000, "vinte e um mil reais"),
            (10_000_000, "cem mil reais"),
            (100_000_000, "um milhão de reais"),
            (200_000_000, "dois milhões de reais"),
            (250_000_000, "dois milhões e quinhentos mil reais"),
            (200_000_100, "dois milhões e um reais"),
            (
                9_999_999_999,
                "noventa e nove milhões novecentos e noventa e nove mil novecentos e noventa e nove reais e noventa e nove centavos",
            ),
            (
                99_999_999_999,
                "novecentos e noventa e nove milhões novecentos e noventa e nove mil novecentos e noventa e nove reais e noventa e nove centavos",
            ),
        ] {
            assert_eq!(words(Language::Portuguese, amount, "BRL"), expected, "{amount}");
        }
    }

    #[test]
    fn they_are_written_in_english_too() {
        for (amount, expected) in [
            (1, "one centavo"),
            (200, "two reais"),
            (1_600, "sixteen reais"),
            (2_100, "twenty-one reais"),
            (10_000, "one hundred reais"),
            (10_100, "one hundred and one reais"),
            (100_000, "one thousand reais"),
            (100_100, "one thousand and one reais"),
            (110_000, "one thousand one hundred reais"),
            (110_110, "one thousand one hundred and one reais and ten centavos"),
            (200_000_000, "two million reais"),
            (
                99_999_999_999,
                "nine hundred and ninety-nine million nine hundred and ninety-nine thousand nine hundred and ninety-nine reais and ninety-nine centavos",
            ),
        ] {
            assert_eq!(words(Language::English, amount, "BRL"), expected, "{amount}");
        }
    }

    #[test]
    fn other_currencies_have_their_names_or_their_codes() {
        assert_eq!(words(Language::Portuguese, 201, "EUR"), "dois euros e um centavo");
        assert_eq!(words(Language::English, 101, "USD"), "one dollar and one cent");
        assert_eq!(words(Language::Portuguese, 100, "USD"), "um dólar");
        assert_eq!(words(Language::Portuguese, 1_005, "CHF"), "dez CHF e 05/100");
        assert_eq!(words(Language::English, 5, "CHF"), "zero CHF and 05/100");
        assert_eq!(words(Language::English, 1_001, "JPY"), "one thousand and one JPY");
        assert_eq!(words(Language::English, 1_001, "KWD"), "one KWD and 001/1000");
        assert_eq!(words(Language::Portuguese, 99_999_999_999, "JPY").split(' ').next(), Some("noventa"));
    }
}
