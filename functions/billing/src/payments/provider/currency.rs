//! Minor units. Ours are those of ISO 4217, the provider's are not everywhere: ISK and UGX are sent as if they had two
//! decimals, MGA as if it had none, and of three decimals the last must be 0.

/// The most that the provider takes at once, in its minor units: eight digits.
const MOST: i64 = 99_999_999;

/// The currencies that have the same minor units here and there.
const SAME: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BIF", "BMD", "BND",
    "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CVE", "CZK",
    "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP", "GMD", "GNF", "GTQ",
    "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "JMD", "JPY", "KES", "KGS", "KHR", "KMF", "KRW",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR",
    "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS",
    "SRD", "SZL", "THB", "TJS", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VND", "VUV",
    "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
];

/// What one of our minor units is at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// The same.
    Same,
    /// A hundred.
    Hundred,
    /// A hundredth.
    Hundredth,
    /// The same, and only tens are taken.
    InTens,
}

fn unit(currency: &str) -> Option<Unit> {
    match currency {
        "ISK" | "UGX" => Some(Unit::Hundred),
        "MGA" => Some(Unit::Hundredth),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Some(Unit::InTens),
        other => SAME.contains(&other).then_some(Unit::Same),
    }
}

/// The amount in the provider's minor units; none where there is no such amount there, or no such currency. An amount is at
/// least 1.
pub fn to_provider(currency: &str, amount_minor: i64) -> Option<i64> {
    let amount = match unit(currency)? {
        Unit::Same => amount_minor,
        Unit::Hundred => amount_minor.checked_mul(100)?,
        Unit::Hundredth => whole(amount_minor, 100)?,
        Unit::InTens => whole(amount_minor, 10)? * 10,
    };
    (1..=MOST).contains(&amount).then_some(amount)
}

/// The amount in our minor units; none where it is no whole number of them, or there is no such currency.
pub fn from_provider(currency: &str, amount: i64) -> Option<i64> {
    match unit(currency)? {
        Unit::Same | Unit::InTens => Some(amount),
        Unit::Hundred => whole(amount, 100),
        Unit::Hundredth => amount.checked_mul(100),
    }
}

/// The amount as so many parts, if nothing is left.
fn whole(amount: i64, parts: i64) -> Option<i64> {
    (amount % parts == 0).then_some(amount / parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;

    /// Without decimals at the provider, by its page on currencies; ISK and UGX are sent as if they had two.
    const NO_DECIMALS: [&str; 15] = [
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
        "XPF",
    ];

    fn decimals(currency: &str) -> u16 {
        Currency::from_code(currency).and_then(Currency::exponent).unwrap_or_else(|| panic!("{currency}"))
    }

    #[test]
    fn the_table_is_in_order_and_agrees_with_iso_4217() {
        assert!(SAME.is_sorted());
        for &currency in SAME {
            let theirs = if NO_DECIMALS.contains(&currency) { 0 } else { 2 };
            assert_eq!(decimals(currency), theirs, "{currency}");
        }
        assert_eq!(["ISK", "UGX", "MGA"].map(decimals), [0, 0, 2]);
        assert_eq!(["BHD", "JOD", "KWD", "OMR", "TND"].map(decimals), [3; 5]);
    }

    #[test]
    fn amounts_go_there_and_come_back() {
        for (currency, ours, theirs) in [
            ("BRL", 15_000, 15_000),
            ("JPY", 500, 500),
            ("ISK", 5, 500),
            ("UGX", 5, 500),
            ("MGA", 500, 5),
            ("KWD", 5_120, 5_120),
            ("BRL", 1, 1),
            ("BRL", 99_999_999, 99_999_999),
            ("ISK", 999_999, 99_999_900),
            ("MGA", 9_999_999_900, 99_999_999),
        ] {
            assert_eq!(to_provider(currency, ours), Some(theirs), "{currency} {ours}");
            assert_eq!(from_provider(currency, theirs), Some(ours), "{currency} {theirs}");
        }
    }

    #[test]
    fn what_the_provider_has_no_amount_for_is_none() {
        for (currency, ours) in [
            ("KWD", 5_124),
            ("MGA", 150),
            ("MGA", 1),
            ("BRL", 0),
            ("BRL", -1),
            ("BRL", 100_000_000),
            ("BRL", i64::MAX),
            ("ISK", 1_000_000),
            ("ISK", i64::MAX),
            ("MGA", 10_000_000_000),
            ("IRR", 100),
            ("BGN", 100),
            ("XAU", 100),
            ("brl", 100),
            ("", 100),
        ] {
            assert_eq!(to_provider(currency, ours), None, "{currency} {ours}");
        }
    }

    #[test]
    fn what_is_no_whole_number_of_ours_is_none() {
        for (currency, theirs) in [("ISK", 550), ("UGX", 1), ("MGA", i64::MAX), ("IRR", 100)] {
            assert_eq!(from_provider(currency, theirs), None, "{currency} {theirs}");
        }
        assert_eq!(from_provider("BRL", 0), Some(0));
        assert_eq!(from_provider("BRL", -5), Some(-5));
    }
}
