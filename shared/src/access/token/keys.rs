//! The keys of tokens: Ed25519, in PASERK form where they are kept, and as a JWK set for others.

use crate::access::random;
use crate::settings::SettingError;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use schemars::JsonSchema;
use serde::Serialize;

/// A public key and its PASERK id (`k4.pid.…`), which names it in a token.
pub(super) struct PublicKey {
    pub(super) kid: String,
    pub(super) key: AsymmetricPublicKey<V4>,
}

impl PublicKey {
    pub(super) fn from_paserk(key: &str) -> Result<Self, SettingError> {
        let key = AsymmetricPublicKey::<V4>::try_from(key).map_err(|_| SettingError::Malformed)?;
        Self::of(key)
    }

    fn of(key: AsymmetricPublicKey<V4>) -> Result<Self, SettingError> {
        Ok(Self { kid: text(&Id::from(&key))?, key })
    }

    /// The key of that id.
    pub(super) fn named<'a>(keys: &'a [Self], kid: &str) -> Option<&'a AsymmetricPublicKey<V4>> {
        keys.iter().find(|key| key.kid == kid).map(|key| &key.key)
    }
}

/// The secret key that tokens are signed with, and the id of its public one.
pub(super) struct SecretKey {
    pub(super) kid: String,
    pub(super) key: AsymmetricSecretKey<V4>,
}

impl SecretKey {
    pub(super) fn from_paserk(key: &str) -> Result<Self, SettingError> {
        let key = AsymmetricSecretKey::<V4>::try_from(key).map_err(|_| SettingError::Malformed)?;
        let public = AsymmetricPublicKey::try_from(&key).map_err(|_| SettingError::Malformed)?;
        Ok(Self { kid: PublicKey::of(public)?.kid, key })
    }
}

/// Public keys as others read them (RFC 7517 §5).
#[derive(Debug, Serialize, JsonSchema)]
pub struct JwkSet {
    /// The keys that tokens may be signed with now.
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517 §4, RFC 8037 §2).
#[derive(Debug, Serialize, JsonSchema)]
struct Jwk {
    /// The type of key.
    #[schemars(extend("const" = "OKP"))]
    kty: &'static str,
    /// The curve.
    #[schemars(extend("const" = "Ed25519"))]
    crv: &'static str,
    /// The key, in Base64.
    #[schemars(
        regex(pattern = "^[A-Za-z0-9_-]{43}$"),
        example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    )]
    x: String,
    /// The id by which a token names it.
    #[schemars(example = "k4.pid.9ShR3xc8-qVJ_di0tc9nx0IDIqbatdeM2mqLFBJsKRHs")]
    kid: String,
    /// What it is for: signatures.
    #[schemars(extend("const" = "sig"))]
    #[serde(rename = "use")]
    usage: &'static str,
    /// What signs with it.
    #[schemars(extend("const" = "EdDSA"))]
    alg: &'static str,
    /// The same key in PASERK form.
    #[schemars(example = "k4.public.11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    paserk: String,
}

impl JwkSet {
    pub(super) fn of(keys: &[PublicKey]) -> Self {
        let jwk = |PublicKey { kid, key }: &PublicKey| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(key.as_bytes()),
            kid: kid.clone(),
            usage: "sig",
            alg: "EdDSA",
            paserk: text(key).unwrap_or_default(),
        };
        Self { keys: keys.iter().map(jwk).collect() }
    }
}

/// A new key pair in PASERK form, secret and public, for a machine that has none yet.
pub fn new_key_pair() -> Result<(String, String), SettingError> {
    let seed = random::bytes::<32>().map_err(|_| SettingError::Malformed)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| SettingError::Malformed)?;
    let key = [&seed, pair.public_key().as_ref()].concat();
    let key = AsymmetricSecretKey::<V4>::from(&key).map_err(|_| SettingError::Malformed)?;
    let secret = text(&key)?;
    let public = public_key(&secret)?;
    Ok((secret, public))
}

/// The public key, in PASERK form, of a secret one.
pub fn public_key(secret: &str) -> Result<String, SettingError> {
    let key = AsymmetricSecretKey::<V4>::try_from(secret.trim()).map_err(|_| SettingError::Malformed)?;
    let key = AsymmetricPublicKey::try_from(&key).map_err(|_| SettingError::Malformed)?;
    text(&key)
}

fn text(key: &impl FormatAsPaserk) -> Result<String, SettingError> {
    let mut text = String::new();
    key.fmt(&mut text).map_err(|_| SettingError::Malformed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_set_has_every_key_in_both_forms() {
        let pairs = [new_key_pair().unwrap(), new_key_pair().unwrap()];
        let keys = pairs.each_ref().map(|(_, public)| PublicKey::from_paserk(public).unwrap());
        let set = serde_json::to_value(JwkSet::of(&keys)).unwrap();
        for (at, (_, public)) in pairs.iter().enumerate() {
            let key = &set["keys"][at];
            assert_eq!(key["paserk"], *public);
            assert_eq!(format!("k4.public.{}", key["x"].as_str().unwrap()), *public);
            assert_eq!(
                (&key["kty"], &key["crv"], &key["alg"]),
                (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into())
            );
            assert!(key["kid"].as_str().unwrap().starts_with("k4.pid.") && key["use"] == "sig");
        }
        assert_eq!(set["keys"].as_array().unwrap().len(), 2);
        let (secret, public) = &pairs[0];
        assert_eq!(public_key(secret).unwrap(), *public);
    }
}
