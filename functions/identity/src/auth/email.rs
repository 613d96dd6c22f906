//! Addresses of accounts: when two are one account, and which may be one at all.

use shared::access::half_hash;
use shared::validation::{Text, email_parts};
use std::borrow::Cow;
use validator::ValidationError;

/// The form in which addresses are compared: the domain as DNS knows it (UTS 46 makes one of `exámple.com`, its
/// punycode and look-alikes), everything in lower case. RFC 5321 §2.4 lets a host tell `A@x` from `a@x`; no host in
/// common use does, and two accounts that differ by case alone would be a trap.
pub fn key(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return address.to_lowercase();
    };
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase());
    format!("{}@{domain}", local.to_lowercase())
}

/// What the log calls an address that has no account: half of the SHA-256 of its key, so that many tries on one address
/// show, and the address does not.
pub fn trace(key: &str) -> String {
    half_hash(key)
}

/// An address at a domain with a dot: an account needs a mail that arrives. What is no address at all is another rule's.
pub fn at_whole_domain(address: &Text) -> Result<(), ValidationError> {
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

    #[test]
    fn case_makes_no_other_account() {
        assert_eq!(key("Ana@Example.COM"), key("ana@example.com"));
        assert_ne!(key("ana@example.com"), key("anna@example.com"));
    }

    #[test]
    fn one_mailbox_is_one_account_however_its_domain_is_written() {
        for other in ["ana@\u{ff45}xample.com", "ana@example\u{3002}com", "ana@exam\u{ad}ple.com"] {
            assert_eq!(key(other), "ana@example.com", "{other}");
        }
        assert_eq!(key("ana@exámple.com"), key("ana@xn--exmple-qta.com"));
    }

    #[test]
    fn an_address_is_at_a_domain_with_a_dot() {
        let text = |text: &str| Text::try_from(text).unwrap();
        assert!(at_whole_domain(&text("ana@example.com")).is_ok());
        assert!(at_whole_domain(&text("nobody")).is_ok(), "that is told once, by the rule of all addresses");
        assert_eq!(at_whole_domain(&text("ana@localhost")).unwrap_err().code, "INVALID_EMAIL");
    }
}
