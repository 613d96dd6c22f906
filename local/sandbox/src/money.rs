//! Amounts as the provider takes them. They are not ISO 4217's minor units everywhere.

/// The largest amount: eight digits.
pub(crate) const LARGEST: i64 = 99_999_999;

const WITHOUT_DECIMALS: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

/// Sent with two decimals, which are zeros.
const WITH_TWO_ZEROS: [&str; 2] = ["isk", "ugx"];

/// The last digit is a zero.
const WITH_THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Whether this is a currency as it is sent: three lower-case letters.
pub(crate) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_lowercase())
}

/// Whether the amount ends as its currency's amounts do.
pub(crate) fn ends_well(amount: i64, currency: &str) -> bool {
    if WITH_TWO_ZEROS.contains(&currency) {
        amount % 100 == 0
    } else {
        !WITH_THREE_DECIMALS.contains(&currency) || amount % 10 == 0
    }
}

/// The amount as people write it, such as `150.00 BRL`.
pub(crate) fn written(amount: i64, currency: &str) -> String {
    let name = currency.to_uppercase();
    let (unit, decimals) = match currency {
        none if WITHOUT_DECIMALS.contains(&none) => (1, 0),
        three if WITH_THREE_DECIMALS.contains(&three) => (1000, 3),
        zeros if WITH_TWO_ZEROS.contains(&zeros) => return format!("{} {name}", amount / 100),
        _ => (100, 2),
    };
    if decimals == 0 {
        return format!("{amount} {name}");
    }
    format!("{}.{:0decimals$} {name}", amount / unit, amount % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_currencys_decimals() {
        let written = |amount, currency| super::written(amount, currency);
        assert_eq!(written(15_005, "brl"), "150.05 BRL");
        assert_eq!(written(1, "usd"), "0.01 USD");
        assert_eq!(written(500, "jpy"), "500 JPY");
        assert_eq!(written(500, "mga"), "500 MGA");
        assert_eq!(written(50_000, "isk"), "500 ISK");
        assert_eq!(written(1_230, "kwd"), "1.230 KWD");
    }

    #[test]
    fn some_currencies_end_in_zeros() {
        assert!(ends_well(500, "isk") && !ends_well(510, "isk") && !ends_well(1, "ugx"));
        assert!(ends_well(510, "kwd") && !ends_well(511, "tnd"));
        assert!(ends_well(1, "mga") && ends_well(1, "brl"));
    }

    #[test]
    fn a_currency_is_three_lower_case_letters() {
        assert!(is_currency("brl"));
        assert!(!is_currency("BRL") && !is_currency("br") && !is_currency("br1"));
    }
}
