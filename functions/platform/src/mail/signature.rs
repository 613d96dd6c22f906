//! The Signed Event Webhook of SendGrid: ECDSA over P-256 with SHA-256, of the timestamp and the body behind it.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::parts::{Noted, Part, Reader, Requirements};
use shared::settings::{Form, Parameter, Setting, SettingError};

/// The public key of SendGrid's signatures.
#[derive(Debug)]
pub(super) struct VerificationKey(ParsedPublicKey);

impl VerificationKey {
    /// A key as SendGrid shows it: the base64 of a DER `SubjectPublicKeyInfo` (RFC 5280).
    pub(super) fn read(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text).ok()?;
        // AWS-LC would take a bare point as well; SendGrid shows none.
        let has_header = der.len() > POINT;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).ok().filter(|_| has_header).map(Self)
    }

    /// Whether `signature`, the base64 of a DER signature, is this key's of `timestamp` and `body`.
    pub(super) fn has_signed(&self, signature: &str, timestamp: &str, body: &[u8]) -> bool {
        let signed = [timestamp.as_bytes(), body].concat();
        STANDARD.decode(signature).is_ok_and(|signature| self.0.verify_sig(&signed, &signature).is_ok())
    }
}

/// The bytes of a point of P-256 that is not compressed.
const POINT: usize = 65;

const SENDGRID_WEBHOOK_PUBLIC_KEY: Setting = Setting::optional(
    "SENDGRID_WEBHOOK_PUBLIC_KEY",
    "the verification key that SendGrid shows with Signed Event Webhook, no secret; without it no event is taken",
)
.parameter(
    Parameter::new(
        "SendgridWebhookPublicKey",
        Form::Matches(
            "^(MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}==)?$",
            "the verification key that SendGrid shows with Signed Event Webhook, or empty",
        ),
    )
    .or(""),
);

/// The key of SendGrid's events; none where SendGrid is not set up.
#[derive(Debug)]
pub struct EventsKey(Option<VerificationKey>);

impl EventsKey {
    /// The key, if it is given.
    pub(super) fn key(&self) -> Option<&VerificationKey> {
        self.0.as_ref()
    }
}

impl Part for EventsKey {
    const NAME: &'static str = "sendgrid events key";
    const REQUIREMENTS: Requirements = Requirements::settings(&[SENDGRID_WEBHOOK_PUBLIC_KEY]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        let read = |text: &str| VerificationKey::read(text).ok_or(SettingError::Malformed);
        settings.optional(&SENDGRID_WEBHOOK_PUBLIC_KEY, read).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of SendGrid's own libraries.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+\
                       2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REnt\
                             lo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
    const SIGNATURE: &str = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15Tl\
                             uLtEZtM=";
    const OTHER_SIGNATURE: &str = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2n\
                                   lxFDWYNH3j/0=";
    const TIMESTAMP: &str = "1600112502";
    const BODY: &str = concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
        r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
        r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
        r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n",
    );

    fn verifies(key: &str, signature: &str, timestamp: &str, body: &str) -> bool {
        VerificationKey::read(key).unwrap().has_signed(signature, timestamp, body.as_bytes())
    }

    #[test]
    fn the_example_of_the_reference_libraries_is_verified_and_no_part_of_it_may_change() {
        assert!(verifies(KEY, SIGNATURE, TIMESTAMP, BODY));
        assert!(!verifies(OTHER_KEY, SIGNATURE, TIMESTAMP, BODY));
        assert!(!verifies(KEY, OTHER_SIGNATURE, TIMESTAMP, BODY));
        assert!(!verifies(KEY, SIGNATURE, "1600112503", BODY));
        assert!(!verifies(KEY, SIGNATURE, "", &[TIMESTAMP, BODY, " "].concat()));
        assert!(!verifies(KEY, SIGNATURE, TIMESTAMP, BODY.trim_end()));
        for none in ["", "@", "AAAA"] {
            assert!(!verifies(KEY, none, TIMESTAMP, BODY), "{none}");
        }
    }

    fn is_key(text: &str) -> bool {
        VerificationKey::read(text).is_some()
    }

    #[test]
    fn a_key_is_one_of_that_curve_with_its_header() {
        assert!(is_key(KEY) && is_key(OTHER_KEY));
        let point = STANDARD.encode(STANDARD.decode(KEY).unwrap().split_off(26));
        let ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
        for none in ["", "canary", KEY.trim_end_matches('='), "-----BEGIN PUBLIC KEY-----", &point, ed25519] {
            assert!(!is_key(none), "{none}");
        }
    }
}
