//! The form of an address that can be a webhook endpoint.

use url::{Host, Url};

/// The ports that are called where others name the address, but for one machine.
pub(super) const PORTS: [u16; 2] = [443, 8443];

/// An address in its one form, its host and its port.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The address as browsers write it, so that two spellings of one address are one.
    pub(super) url: String,
    /// A name, or a literal address.
    pub(super) host: String,
    /// Given, or the scheme's own.
    pub(super) port: u16,
}

/// The target that a text names: `https` anywhere, `http` on this very machine (refused later unless a setting allows
/// it); no user, no password, no fragment, no port 0. What an address has no room for (RFC 3986 §2: blanks, letters beyond
/// ASCII, a backslash) is refused, not written in another way: that would be another address than was asked for.
pub(super) fn target(text: &str) -> Option<Target> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let host = url.host()?;
    let is_this_machine = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_secured = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine);
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let fits = url.as_str().len() <= 2048;
    let port = url.port_or_known_default().filter(|port| *port != 0)?;
    (is_secured && is_plain && fits).then(|| Target { url: url.to_string(), host: host.to_string(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Option<String> {
        target(text).map(|target| target.url)
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        for spelling in ["https://a.example/x", "HTTPS://A.EXAMPLE:443/x", "https://a.example/./y/../x"] {
            assert_eq!(url(spelling).as_deref(), Some("https://a.example/x"), "{spelling}");
        }
        assert_eq!(target("https://2130706433/").unwrap().host, "127.0.0.1");
        assert_eq!(target("https://[::1]:8443/").unwrap().host, "[::1]");
        assert_eq!(target("https://[::1]:8443/").unwrap().port, 8443);
        assert_eq!(target("https://a.example/").unwrap().port, 443);
    }

    #[test]
    fn http_is_for_this_machine_alone() {
        for local in ["http://localhost:9000/", "http://127.0.0.1/", "http://[::1]:9000/"] {
            assert!(url(local).is_some(), "{local}");
        }
        for refused in ["http://a.example/", "http://10.0.0.1/", "http://localhost.a.example/"] {
            assert!(url(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for refused in [
            "",
            "a.example/x",
            "ftp://a.example/",
            "javascript:alert(1)",
            "https://",
            "https://user@a.example/",
            "https://:password@a.example/",
            "https://a.example/#fragment",
            "https://a b.example/",
            "https://a.example/a b",
            "https://a.example/é",
            "https://exämple.com/",
            "https://a.example/x\\y",
            "https://a.example:0/",
        ] {
            assert!(url(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn an_address_that_grows_too_long_when_it_is_written_out_is_refused() {
        let longest = format!("https://a.example/{}", "a".repeat(2048 - 18));
        assert_eq!(url(&longest).unwrap().len(), 2048);
        assert!(url(&format!("https://a.example/{}", "{".repeat(1000))).is_none());
    }
}
