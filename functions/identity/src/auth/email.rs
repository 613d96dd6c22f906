//! When two e-mail addresses are one account.

/// The form in which addresses are compared: lower case. RFC 5321 §2.4 lets a host tell `A@x` from `a@x`; none that
/// people use does, and two accounts that differ by case alone would be a trap.
pub fn key(address: &str) -> String {
    address.to_lowercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn case_makes_no_other_account() {
        assert_eq!(super::key("Ana@Example.COM"), super::key("ana@example.com"));
        assert_ne!(super::key("ana@example.com"), super::key("anna@example.com"));
    }
}
