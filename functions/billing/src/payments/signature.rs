//! The provider's signature of an event: HMAC-SHA256, as hexadecimal, of the second of signing, a point and the body.
//! <https://docs.stripe.com/webhooks#verify-manually>

use aws_lc_rs::hmac;
use jiff::Timestamp;
use shared::parts::{Noted, Part, Reader, Requirements};
use shared::settings::{Form, Parameter, Setting, SettingError};

/// How many seconds the second of signing may be from now.
const TOLERANCE: u64 = 300;

/// The most signatures that are looked at.
const MOST: usize = 16;

const STRIPE_WEBHOOK_SECRETS: Setting = Setting::optional(
    "STRIPE_WEBHOOK_SECRETS",
    "the signing secret of the webhook endpoint at Stripe, `whsec_…`; during a change the old one behind it, with a blank \
     between; without it no event is taken",
)
.secret("STRIPE_WEBHOOK_SECRETS_SECRET_ARN")
.form("one to four signing secrets, whsec_…, with blanks between")
.parameter(Parameter::new("StripeWebhookSecretsSecretArn", Form::SecretArn).or(""));

/// The secrets with which the provider signs its events; none where the provider is not set up.
pub struct EventSecrets(Vec<hmac::Key>);

impl std::fmt::Debug for EventSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EventSecrets")
    }
}

/// Why an event is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// There is no secret.
    NotSetUp,
    /// No signature is by a secret of ours.
    Invalid,
    /// It was signed too long ago, or in the future.
    Expired,
}

impl EventSecrets {
    /// One to four secrets: of two endpoints at the provider, each with the one before while it changes.
    fn read(text: &str) -> Option<Self> {
        let secrets: Vec<&str> = text.split_ascii_whitespace().collect();
        let is_secret = |text: &&str| text.strip_prefix("whsec_").is_some_and(|rest| rest.len() >= 16);
        if !(1..=4).contains(&secrets.len()) || !secrets.iter().all(is_secret) {
            return None;
        }
        let key = |secret: &&str| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Some(Self(secrets.iter().map(key).collect()))
    }

    /// Whether `header` has a signature of `body`, made within five minutes of now by one of these secrets. The signature comes
    /// first: only of what is signed it is said how old it is.
    pub(super) fn verify(&self, header: &str, body: &[u8], now: Timestamp) -> Result<(), Unsigned> {
        if self.0.is_empty() {
            return Err(Unsigned::NotSetUp);
        }
        let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
        let mut instants = pairs().filter(|(name, _)| *name == "t").map(|(_, value)| value);
        let (Some(signed_at), None) = (instants.next(), instants.next()) else {
            return Err(Unsigned::Invalid);
        };
        let signed = [signed_at.as_bytes(), b".", body].concat();
        let signatures = pairs().filter(|(name, _)| *name == "v1").take(MOST);
        let mut tags = signatures.filter_map(|(_, hex)| decode(hex));
        if !tags.any(|tag| self.0.iter().any(|key| hmac::verify(key, &signed, &tag).is_ok())) {
            return Err(Unsigned::Invalid);
        }
        let age = signed_at.parse().ok().and_then(|second: i64| now.as_second().checked_sub(second));
        match age {
            Some(age) if age.unsigned_abs() <= TOLERANCE => Ok(()),
            _ => Err(Unsigned::Expired),
        }
    }
}

/// The bytes of a signature: 64 hexadecimal digits.
fn decode(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

impl Part for EventSecrets {
    const NAME: &'static str = "payment events' secrets";
    const REQUIREMENTS: Requirements = Requirements::settings(&[STRIPE_WEBHOOK_SECRETS]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        let read = |text: &str| Self::read(text).ok_or(SettingError::Malformed);
        settings.optional(&STRIPE_WEBHOOK_SECRETS, read).map(|secrets| secrets.unwrap_or(Self(Vec::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const SECRET: &str = "whsec_test_secret_of_16";
    const OTHER: &str = "whsec_another_secret_16";
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
    /// HMAC-SHA256 of `1795255200.{"id":"evt_1","object":"event"}` by [`SECRET`], of another implementation.
    const TAG: &str = "96441df90dfc416059914e79dabb98ab2988afb8aa8a1cdaa7e565138b5109ec";

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_255_200).unwrap()
    }

    fn verify(secrets: &str, header: &str, body: &[u8], at: Timestamp) -> Result<(), Unsigned> {
        EventSecrets::read(secrets).unwrap().verify(header, body, at)
    }

    #[test]
    fn a_known_signature_is_verified_and_nothing_of_it_may_change() {
        let header = format!("t=1795255200,v1={TAG}");
        assert_eq!(verify(SECRET, &header, BODY, now()), Ok(()));
        assert_eq!(verify(OTHER, &header, BODY, now()), Err(Unsigned::Invalid));
        assert_eq!(verify(SECRET, &header, b"{}", now()), Err(Unsigned::Invalid));
        let other_second = format!("t=1795255201,v1={TAG}");
        assert_eq!(verify(SECRET, &other_second, BODY, now()), Err(Unsigned::Invalid));
    }

    #[test]
    fn either_secret_and_any_v1_will_do_and_no_v0() {
        let both = format!("{OTHER} {SECRET}");
        let wrong = "0".repeat(64);
        assert_eq!(verify(&both, &format!("t=1795255200,v1={wrong},v1={TAG}"), BODY, now()), Ok(()));
        let old_scheme = format!("t=1795255200,v0={TAG}");
        assert_eq!(verify(&both, &old_scheme, BODY, now()), Err(Unsigned::Invalid));
    }

    #[test]
    fn it_is_good_for_five_minutes_either_way() {
        let header = format!("t=1795255200,v1={TAG}");
        let at = |seconds: i64| verify(SECRET, &header, BODY, now() + SignedDuration::from_secs(seconds));
        for timely in [-300, 0, 300] {
            assert_eq!(at(timely), Ok(()), "{timely}");
        }
        for other in [-301, 301, 86_400] {
            assert_eq!(at(other), Err(Unsigned::Expired), "{other}");
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for header in
            ["", "t=1795255200", "v1=00", "t=,v1=", "t=1,t=1795255200,v1=00", "nonsense", "t=1795255200,v1=é"]
        {
            assert_eq!(verify(SECRET, header, BODY, now()), Err(Unsigned::Invalid), "{header}");
        }
        let odd = format!("t=1795255200,t=1795255200,v1={TAG}");
        assert_eq!(verify(SECRET, &odd, BODY, now()), Err(Unsigned::Invalid));
        let none = EventSecrets(Vec::new());
        assert_eq!(none.verify(&format!("t=1795255200,v1={TAG}"), BODY, now()), Err(Unsigned::NotSetUp));
    }

    #[test]
    fn secrets_are_one_or_two() {
        for text in ["", "whsec_", "whsec_short", "secret_of_many_characters", "a b c"] {
            assert!(EventSecrets::read(text).is_none(), "{text}");
        }
        assert_eq!(EventSecrets::read(&format!("{SECRET}\n{OTHER}\n")).unwrap().0.len(), 2);
    }
}
