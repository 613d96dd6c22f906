//! The token keys as parts.

use super::token::TokenFormat;
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

const TOKEN_FORMAT: Setting = Setting::optional(
    "TOKEN_FORMAT",
    "`paseto`, or `jwt` for functions that were built with the feature jwt; PASETO unless given",
)
.parameter(Parameter::new("TokenFormat", Form::OneOf(&["paseto", "jwt"])).or("paseto"));

/// The format of the deployment's tokens; a build without JWTs says so, rather than issue what nobody takes.
fn format(settings: &Reader<'_>) -> Result<TokenFormat, Noted> {
    Ok(settings.optional(&TOKEN_FORMAT, TokenFormat::named)?.unwrap_or_default())
}

impl Part for TokenVerifier {
    const NAME: &'static str = "token verifier";
    const REQUIREMENTS: Requirements = Requirements::settings(&[TOKEN_PUBLIC_KEYS, TOKEN_FORMAT]);
    type Parts = PublicUrl;

    fn open(settings: &Reader<'_>, issuer: Arc<PublicUrl>) -> Result<Self, Noted> {
        let keys = settings.required(&TOKEN_PUBLIC_KEYS, |keys| Self::from_paserk(keys, issuer.as_str()));
        let format = format(settings);
        Ok(keys?.of_format(format?))
    }
}

impl Part for TokenSigner {
    const NAME: &'static str = "token signer";
    const REQUIREMENTS: Requirements = Requirements::settings(&[TOKEN_SECRET_KEY, TOKEN_FORMAT]);
    type Parts = PublicUrl;

    fn open(settings: &Reader<'_>, issuer: Arc<PublicUrl>) -> Result<Self, Noted> {
        let key = settings.required(&TOKEN_SECRET_KEY, |key| Self::from_paserk(key, issuer.as_str()));
        let format = format(settings);
        Ok(key?.of_format(format?))
    }
}
