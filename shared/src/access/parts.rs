//! The token keys as parts.

use super::{PublicUrl, TokenSigner, TokenVerifier};
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::settings::{Form, Parameter, Setting};
use std::sync::Arc;

const TOKEN_PUBLIC_KEYS: Setting = Setting::required(
    "TOKEN_PUBLIC_KEYS",
    "PASERK `k4.public.…`, separated by commas: the keys that access tokens are verified with, the current one and \
     those rotated out",
)
.parameter(Parameter::new(
    "TokenPublicKeys",
    Form::Matches(
        r"^k4\.public\.[A-Za-z0-9_-]{43}(,k4\.public\.[A-Za-z0-9_-]{43})*$",
        "PASERK keys that begin with k4.public., separated by commas",
    ),
));

const TOKEN_SECRET_KEY: Setting =
    Setting::required("TOKEN_SECRET_KEY", "PASERK `k4.secret.…`: the key that access tokens are signed with")
        .secret("TOKEN_SECRET_KEY_SECRET_ARN")
        .form("a PASERK key that begins with k4.secret., as `token-keys` makes it")
        .parameter(Parameter::new("TokenSecretKeySecretArn", Form::SecretArn));

impl Part for TokenVerifier {
    const NAME: &'static str = "token verifier";
    const REQUIREMENTS: Requirements = Requirements::settings(&[TOKEN_PUBLIC_KEYS]);
    type Parts = PublicUrl;

    fn open(settings: &Reader<'_>, issuer: Arc<PublicUrl>) -> Result<Self, Noted> {
        settings.required(&TOKEN_PUBLIC_KEYS, |keys| Self::from_paserk(keys, issuer.as_str()))
    }
}

impl Part for TokenSigner {
    const NAME: &'static str = "token signer";
    const REQUIREMENTS: Requirements = Requirements::settings(&[TOKEN_SECRET_KEY]);
    type Parts = PublicUrl;

    fn open(settings: &Reader<'_>, issuer: Arc<PublicUrl>) -> Result<Self, Noted> {
        settings.required(&TOKEN_SECRET_KEY, |key| Self::from_paserk(key, issuer.as_str()))
    }
}
