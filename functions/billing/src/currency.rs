//! The currency that a request names.

use shared::failure::Problem;
use shared::validation::Text;
use validator::ValidationError;

/// The pattern of a currency's code, for the contract.
pub(crate) const CURRENCY: &str = "^[A-Z]{3}$";

/// The problem of [`currency`].
pub(crate) const INVALID_CURRENCY: Problem = Problem::new(
    400,
    "INVALID_CURRENCY",
    "Invalid currency",
    "Send the currency's code of ISO 4217, three capital letters such as BRL.",
)
.at("/currency");

/// Money in another currency than the clinic's.
pub(crate) const CURRENCY_MISMATCH: Problem = Problem::new(
    422,
    "CURRENCY_MISMATCH",
    "Wrong currency",
    "The clinic keeps its books in another currency. Send the amount in that one.",
)
.at("/currency");

/// Three capital letters. Which ones, the clinic's books decide.
pub(crate) fn currency(code: &Text) -> Result<(), ValidationError> {
    let code = code.as_str();
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(ValidationError::new(INVALID_CURRENCY.code)
        .with_message("must be three capital letters such as BRL".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert!(currency(&Text::try_from("BRL").unwrap()).is_ok());
        for bad in ["", "BR", "BRLX", "brl", "000", "ÉÉÉ", "R$L"] {
            let refusal = currency(&Text::try_from(bad).unwrap()).unwrap_err();
            assert_eq!(refusal.code, "INVALID_CURRENCY", "{bad}");
        }
    }
}
