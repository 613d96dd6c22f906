//! Pure rules of signing up.

use shared::validation::{Text, email_parts};
use std::borrow::Cow;
use validator::ValidationError;

/// An address at a domain with a dot: a sign-up needs a mail that arrives. What is no address at all is another rule's.
pub(super) fn address(address: &Text) -> Result<(), ValidationError> {
    match email_parts(address.as_str()) {
        Some((_, domain)) if !domain.contains('.') => {
            let message = "must be an e-mail address at a whole domain, such as example.com";
            Err(ValidationError::new("INVALID_EMAIL").with_message(Cow::Borrowed(message)))
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
    fn an_address_is_at_a_domain_with_a_dot() {
        assert!(address(&text("ana@example.com")).is_ok());
        assert!(address(&text("nobody")).is_ok(), "that is told once, by the rule of all addresses");
        assert_eq!(address(&text("ana@localhost")).unwrap_err().code, "INVALID_EMAIL");
    }
}
