//! An amount in its currency, in figures.

use iso_currency::Currency;
use shared::mail::Language;
use std::fmt::Write as _;

/// An amount that is not negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Money<'a> {
    amount_minor: u64,
    pub(super) currency: &'a str,
    digits: usize,
}

impl<'a> Money<'a> {
    /// So many minor units of the currency; what ISO 4217 does not know has two digits.
    pub(super) fn of(amount_minor: i64, currency: &'a str) -> Self {
        let known = Currency::from_code(currency);
        let digits = known.map_or(2, |known| known.exponent().unwrap_or(0));
        Self { amount_minor: amount_minor.unsigned_abs(), currency, digits: usize::from(digits) }
    }

    /// Digits of the minor unit.
    pub(super) const fn digits(&self) -> usize {
        self.digits
    }

    /// How many minor units one of the currency has.
    pub(super) fn parts(&self) -> u64 {
        10_u64.pow(u32::try_from(self.digits).unwrap_or(0))
    }

    /// Whole units.
    pub(super) fn whole(&self) -> u64 {
        self.amount_minor / self.parts()
    }

    /// Minor units beside them.
    pub(super) fn part(&self) -> u64 {
        self.amount_minor % self.parts()
    }

    /// In figures: `R$ 1.234,56`, in English `R$ 1,234.56`. The blank does not break.
    pub(super) fn in_figures(&self, language: Language) -> String {
        let (thousands, decimal) = match language {
            Language::Portuguese => ('.', ','),
            Language::English => (',', '.'),
        };
        let sign = match self.currency {
            "BRL" => "R$",
            "EUR" => "€",
            "USD" => "US$",
            code => code,
        };
        let whole = self.whole().to_string();
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(thousands);
            }
            grouped.push(digit);
        }
        if self.digits > 0 {
            let _ = write!(grouped, "{decimal}{:0width$}", self.part(), width = self.digits);
        }
        format!("{sign}\u{a0}{grouped}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_as_the_language_does() {
        let of = |language, amount, currency| Money::of(amount, currency).in_figures(language);
        for (amount, currency, portuguese, english) in [
            (1, "BRL", "R$\u{a0}0,01", "R$\u{a0}0.01"),
            (100_000, "BRL", "R$\u{a0}1.000,00", "R$\u{a0}1,000.00"),
            (9_999_999_999, "EUR", "€\u{a0}99.999.999,99", "€\u{a0}99,999,999.99"),
            (12_345, "JPY", "JPY\u{a0}12.345", "JPY\u{a0}12,345"),
            (12_345, "KWD", "KWD\u{a0}12,345", "KWD\u{a0}12.345"),
            (99_999, "USD", "US$\u{a0}999,99", "US$\u{a0}999.99"),
        ] {
            assert_eq!(of(Language::Portuguese, amount, currency), portuguese);
            assert_eq!(of(Language::English, amount, currency), english);
        }
    }
}
