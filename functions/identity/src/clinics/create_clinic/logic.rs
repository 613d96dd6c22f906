//! Pure rules of signing up.

use iso_currency::Currency;
use jiff::tz::TimeZoneDatabase;
use shared::validation::{Text, email_parts};
use std::borrow::Cow;
use validator::ValidationError;

/// Codes of ISO 4217 that nobody is paid in: none, testing, metals, units of account.
const NO_MONEY: &[&str] =
    &["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"];

fn refusal(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Borrowed(message))
}

/// A zone of the IANA database that ships with the program, written as the database writes it: a place, or UTC.
pub(super) fn time_zone(name: &Text) -> Result<(), ValidationError> {
    let known = TimeZoneDatabase::bundled().get(name.as_str()).ok();
    let is_place = name.as_str() == "UTC" || name.as_str().contains('/');
    match known.as_ref().and_then(|zone| zone.iana_name()) {
        Some(written) if written == name.as_str() && is_place => Ok(()),
        _ => Err(refusal("UNKNOWN_TIME_ZONE", "must be an IANA time zone such as America/Sao_Paulo")),
    }
}

/// A currency of ISO 4217.
pub(super) fn currency(code: &Text) -> Result<(), ValidationError> {
    match Currency::from_code(code.as_str()) {
        Some(_) if !NO_MONEY.contains(&code.as_str()) => Ok(()),
        _ => Err(refusal("UNKNOWN_CURRENCY", "must be an ISO 4217 code such as BRL")),
    }
}

/// An address at a domain with a dot: a sign-up needs a mail that arrives. What is no address at all is another rule's.
pub(super) fn address(address: &Text) -> Result<(), ValidationError> {
    match email_parts(address.as_str()) {
        Some((_, domain)) if !domain.contains('.') => {
            Err(refusal("INVALID_EMAIL", "must be an e-mail address at a whole domain, such as example.com"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_address_is_at_a_domain_with_a_dot() {
        assert!(address(&text("ana@example.com")).is_ok());
        assert!(address(&text("nobody")).is_ok(), "that is told once, by the rule of all addresses");
        assert_eq!(address(&text("ana@localhost")).unwrap_err().code, "INVALID_EMAIL");
    }
}
