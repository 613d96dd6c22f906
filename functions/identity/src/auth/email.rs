//! When two e-mail addresses are one account.

use shared::access::half_hash;

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

#[cfg(test)]
mod tests {
    use super::key;

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
}
