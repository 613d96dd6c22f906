//! The rules of a clinic's fields, for signing up and editing alike.

use super::document;
use iso_currency::Currency;
use jiff::tz::TimeZoneDatabase;
use shared::failure::Problem;
use shared::validation::{MaybeValue, Text};
use std::borrow::Cow;
use validator::ValidationError;

/// The pattern of a currency's code, for the contract.
pub(crate) const CURRENCY: &str = "^[A-Z]{3}$";

/// The problem of [`time_zone`].
pub(crate) const UNKNOWN_TIME_ZONE: Problem = Problem::new(
    400,
    "UNKNOWN_TIME_ZONE",
    "Unknown time zone",
    "Send a name of the IANA time zone database, such as America/Sao_Paulo.",
)
.at("/timeZone");

/// The problem of [`currency`].
pub(crate) const UNKNOWN_CURRENCY: Problem = Problem::new(
    400,
    "UNKNOWN_CURRENCY",
    "Unknown currency",
    "Send a currency code of ISO 4217 in capitals, such as BRL or EUR.",
)
.at("/currency");

/// The pattern of an account at the payment provider, for the contract.
pub(crate) const PROVIDER_ACCOUNT: &str = "^acct_[A-Za-z0-9]{1,64}$";

/// The problem of [`provider_account`].
pub(crate) const INVALID_PROVIDER_ACCOUNT: Problem = Problem::new(
    400,
    "INVALID_PROVIDER_ACCOUNT",
    "Invalid account",
    "Send the id of the clinic's account as the payment provider shows it: acct_ and letters or digits.",
)
.at("/providerAccount");

/// The pattern of [`document`](self::document()), for the contract.
pub(crate) const DOCUMENT: &str = document::DOCUMENT;

/// The problem of [`document`](self::document()).
pub(crate) const INVALID_CPF_OR_CNPJ: Problem = Problem::new(
    400,
    "INVALID_CPF_OR_CNPJ",
    "Invalid CPF or CNPJ",
    "Send the CPF (11 digits) or the CNPJ (14 digits or capitals) without dots and strokes, with its right check digits.",
)
.at("/document");

/// Codes of ISO 4217 that nobody is paid in: none, testing, metals, units of account.
const NO_MONEY: &[&str] =
    &["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"];

fn refusal(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Borrowed(message))
}

/// A zone of the IANA database that ships with the program, written as the database writes it: a place, or UTC.
pub(crate) fn time_zone(name: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    let Some(name) = name.given().map(Text::as_str) else { return Ok(()) };
    let known = TimeZoneDatabase::bundled().get(name).ok();
    let is_place = name == "UTC" || name.contains('/');
    match known.as_ref().and_then(|zone| zone.iana_name()) {
        Some(written) if written == name && is_place => Ok(()),
        _ => Err(refusal(UNKNOWN_TIME_ZONE.code, "must be an IANA time zone such as America/Sao_Paulo")),
    }
}

/// A currency of ISO 4217.
pub(crate) fn currency(code: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    let Some(code) = code.given().map(Text::as_str) else { return Ok(()) };
    match Currency::from_code(code) {
        Some(_) if !NO_MONEY.contains(&code) => Ok(()),
        _ => Err(refusal(UNKNOWN_CURRENCY.code, "must be an ISO 4217 code such as BRL")),
    }
}

/// An account at the payment provider, by its id.
pub(crate) fn provider_account(id: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    let Some(id) = id.given().map(Text::as_str) else { return Ok(()) };
    let rest = id.strip_prefix("acct_").unwrap_or_default();
    if (1..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(refusal(INVALID_PROVIDER_ACCOUNT.code, "must be an account's id such as acct_1MtwBwLkdIwHu7ix"))
}

/// A CPF or a CNPJ.
pub(crate) fn document(number: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    match number.given() {
        Some(number) if !document::is_valid(number.as_str()) => {
            Err(refusal(INVALID_CPF_OR_CNPJ.code, "must be a CPF or CNPJ such as 11222333000181"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::validation::Replace;

    fn text(text: &str) -> Text {
        Text::try_from(text).unwrap()
    }

    #[test]
    fn time_zones_exist_and_are_written_as_the_database_writes_them() {
        assert!(time_zone(&text("America/Sao_Paulo")).is_ok());
        assert!(time_zone(&text("UTC")).is_ok());
        for unknown in
            ["", "america/sao_paulo", "Mars/Olympus", "../etc/passwd", "+03:00", "localtime", "Factory"]
        {
            assert_eq!(time_zone(&text(unknown)).unwrap_err().code, "UNKNOWN_TIME_ZONE", "{unknown}");
        }
    }

    #[test]
    fn currencies_exist_and_are_in_capitals() {
        assert!(currency(&text("BRL")).is_ok());
        for unknown in ["", "brl", "BR", "ZZZ", "BRLL", "XXX", "XAU"] {
            assert_eq!(currency(&text(unknown)).unwrap_err().code, "UNKNOWN_CURRENCY", "{unknown}");
        }
    }

    #[test]
    fn accounts_have_the_providers_form() {
        for good in ["acct_1", &format!("acct_{}", "a".repeat(64))] {
            assert!(provider_account(&text(good)).is_ok(), "{good}");
        }
        for bad in ["", "acct_", "acct_a b", "pi_1", "acct_é", &format!("acct_{}", "a".repeat(65))] {
            assert_eq!(provider_account(&text(bad)).unwrap_err().code, "INVALID_PROVIDER_ACCOUNT", "{bad}");
        }
    }

    #[test]
    fn documents_have_their_check_digits() {
        assert!(document(&text("11222333000181")).is_ok() && document(&Replace::<Text>::Keep).is_ok());
        assert_eq!(document(&text("11222333000180")).unwrap_err().code, "INVALID_CPF_OR_CNPJ");
    }

    #[test]
    fn what_a_patch_does_not_name_breaks_no_rule_and_what_it_names_does() {
        assert!(time_zone(&Replace::Keep).is_ok() && currency(&Replace::Keep).is_ok());
        assert!(time_zone(&Replace::Set(text("Mars/Olympus"))).is_err());
        assert!(currency(&Replace::Set(text("ZZZ"))).is_err());
    }
}
