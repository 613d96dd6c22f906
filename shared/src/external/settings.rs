//! The settings of external calls.

use crate::external::connect::NetworkScope;
use crate::settings::{SettingError, Variables};
use crate::validation::Secret;

/// The settings of external calls.
#[derive(Debug)]
pub struct ExternalSettings {
    /// `REDIS_URL` or the secret of `REDIS_URL_SECRET_ARN`, if either is given: the Redis that breakers are shared in.
    pub redis: Option<Secret>,
    /// `OUTSIDE_TARGETS`, the name that deployments know: the addresses that may be called when a caller names them.
    /// `public` unless given; `local` adds this machine's own, for development and tests.
    pub targets: NetworkScope,
}

impl Default for ExternalSettings {
    fn default() -> Self {
        Self { redis: None, targets: NetworkScope::Public }
    }
}

impl ExternalSettings {
    pub(crate) fn read(variable: &Variables<'_>) -> Result<Self, (&'static str, SettingError)> {
        let given = |key| variable(key).filter(|value| !value.is_empty());
        let targets = match given("OUTSIDE_TARGETS").as_deref() {
            None | Some("public") => NetworkScope::Public,
            Some("local") => NetworkScope::PublicOrLoopback,
            Some(_) => return Err(("OUTSIDE_TARGETS", SettingError::Malformed)),
        };
        let redis = given("REDIS_URL");
        if redis.as_ref().is_some_and(|url| !url.starts_with("redis://") && !url.starts_with("rediss://")) {
            return Err(("REDIS_URL", SettingError::Malformed));
        }
        Ok(Self { redis: redis.map(Secret::new), targets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &'static str, value: &str) -> Result<ExternalSettings, (&'static str, SettingError)> {
        ExternalSettings::read(&|asked| (asked == key).then(|| value.to_owned()))
    }

    #[test]
    fn without_settings_only_the_public_internet_is_called_and_nothing_is_shared() {
        let settings = ExternalSettings::read(&|_| None).unwrap();
        assert!(settings.redis.is_none());
        assert_eq!(settings.targets, NetworkScope::Public);
    }

    #[test]
    fn this_machine_is_called_when_a_setting_says_so() {
        assert_eq!(read("OUTSIDE_TARGETS", "local").unwrap().targets, NetworkScope::PublicOrLoopback);
        assert_eq!(read("OUTSIDE_TARGETS", "any").unwrap_err(), ("OUTSIDE_TARGETS", SettingError::Malformed));
    }

    #[test]
    fn redis_is_given_by_its_address() {
        assert!(read("REDIS_URL", "rediss://:canary@redis.example:6379").unwrap().redis.is_some());
        assert_eq!(read("REDIS_URL", "redis.example").unwrap_err(), ("REDIS_URL", SettingError::Malformed));
    }
}
