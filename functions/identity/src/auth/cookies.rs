//! The cookies of browsers. `__Host-` binds them to this host and its root, over TLS alone (RFC 6265bis §4.1.3.2); scripts
//! cannot read them, and other sites cannot have them sent.

use jiff::SignedDuration;
use shared::access::token::DEVICE_LIFETIME;

/// The cookie with the refresh token.
pub(super) const REFRESH: &str = "__Host-grafono-refresh";

/// The cookie by which the device is known again.
pub(super) const DEVICE: &str = "__Host-grafono-device";

fn cookie(name: &str, value: &str, lives: SignedDuration) -> String {
    format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age={}", lives.as_secs())
}

/// The refresh token, for as long as it is good.
pub(super) fn refresh(token: &str, lives: SignedDuration) -> String {
    cookie(REFRESH, token, lives)
}

/// Takes the refresh token away.
pub(super) fn no_refresh() -> String {
    cookie(REFRESH, "", SignedDuration::ZERO)
}

/// The token by which the device is known again.
pub(super) fn device(token: &str) -> String {
    cookie(DEVICE, token, DEVICE_LIFETIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        let expected =
            "__Host-grafono-refresh=abc; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=604800";
        assert_eq!(refresh("abc", SignedDuration::from_hours(168)), expected);
        assert!(no_refresh().starts_with("__Host-grafono-refresh=; ") && no_refresh().ends_with("Max-Age=0"));
        assert!(
            device("d").starts_with("__Host-grafono-device=d; Path=/; HttpOnly; Secure; SameSite=Strict")
        );
    }
}
