//! Which texts are e-mail addresses: one judge for input and for sending, so that what is taken can be sent to.

/// The local part of an e-mail address, and its domain as DNS knows it; none for a text that no mail can be sent to.
///
/// The local part is a dot-atom of ASCII (RFC 5321 §4.1.2), because a quoted one is refused by most hosts and others need
/// SMTPUTF8, which no provider of ours speaks. The domain is one that DNS can have (UTS 46, RFC 1123 §2.1), and no address
/// of a machine.
pub fn email_parts(text: &str) -> Option<(&str, String)> {
    let (local, domain) = text.rsplit_once('@')?;
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    let is_number =
        domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_good = local.len() <= 64 && local.split('.').all(is_atom) && !domain.ends_with('.') && !is_number;
    is_good.then_some((local, domain))
}

/// The characters of an atom (RFC 5322 §3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::email_parts;

    #[test]
    fn an_address_is_taken_with_its_domain_as_dns_knows_it() {
        let long = format!("{}@example.com", "a".repeat(64));
        for (text, domain) in [
            ("ana@example.com", "example.com"),
            ("a.b+c_d-e@mail.example.co", "mail.example.co"),
            ("o'neil!#$%&*/=?^`{|}~@example.com", "example.com"),
            ("ana@Exámple.com", "xn--exmple-qta.com"),
            ("ana@xn--exmple-qta.com", "xn--exmple-qta.com"),
            ("ana@localhost", "localhost"),
            (long.as_str(), "example.com"),
        ] {
            assert_eq!(email_parts(text).map(|(_, domain)| domain).as_deref(), Some(domain), "{text}");
        }
    }

    #[test]
    fn what_no_mail_can_be_sent_to_is_no_address() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "a".repeat(64));
        let long_domain = format!("a@{}com", "abcdefghi.".repeat(26));
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@@example.com",
            "a b@example.com",
            "ana @example.com",
            "a@<script>alert(1)</script>[1.1.1.1]",
            "a@b.com>,<c[1.1.1.1]",
            "a@foo bar \"baz\"[::1]",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "\"a b\"@example.com",
            "\"a\"@example.com",
            "joão@example.com",
            "a@[1.1.1.1]",
            "a@[IPv6:::1]",
            "a@1.1.1.1",
            "a@example.123",
            "a@.com",
            "a@example..com",
            "a@example.com.",
            "a@-example.com",
            "a@example-.com",
            "a@exa_mple.com",
            "a@example.com,b@example.com",
            "a@xn--zzzzzzzzz99999.com",
            "a@exam\u{200b}ple .com",
            "<a@example.com>",
            "a(comment)@example.com",
            "a@example.com\r\nbcc: b@example.com",
            "a\u{0}@example.com",
            &long_local,
            &long_label,
            &long_domain,
        ] {
            assert_eq!(email_parts(text), None, "{text:?}");
        }
    }
}
