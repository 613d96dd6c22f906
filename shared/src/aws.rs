//! Where AWS is and who asks: what the variables say that Lambda sets.
//!
//! The SDK's chain of credential sources is left out. On Lambda the environment is the one source there is; the chain
//! would add a megabyte to every function and more places to look in at start.

use crate::settings::{BadSettings, SettingError, Variables};
use aws_sdk_secretsmanager::config::{Credentials, Region};

/// Region, credentials, and the address of an emulator or of a VPC when one is given.
pub(crate) struct Aws {
    pub(crate) region: Region,
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Option<String>,
}

impl Aws {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. The variable
    /// `endpoint`, such as `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`, leads elsewhere: that is the order in which
    /// the AWS tools look.
    pub(crate) fn read(variable: &Variables<'_>, endpoint: &'static str) -> Result<Self, BadSettings> {
        let given = |key| variable(key).filter(|value| !value.is_empty());
        let mut missing = Vec::new();
        let mut required = |key| {
            given(key).unwrap_or_else(|| {
                missing.push((key, SettingError::Missing));
                String::new()
            })
        };
        let region = Region::new(required("AWS_REGION"));
        let (id, key) = (required("AWS_ACCESS_KEY_ID"), required("AWS_SECRET_ACCESS_KEY"));
        if !missing.is_empty() {
            return Err(BadSettings(missing));
        }
        let credentials = Credentials::new(id, key, given("AWS_SESSION_TOKEN"), None, "environment");
        let elsewhere = [endpoint, "AWS_ENDPOINT_URL"].into_iter().find_map(|key| Some((key, given(key)?)));
        if let Some((key, address)) = &elsewhere {
            let uri = address.parse::<http::Uri>().ok().filter(|uri| uri.scheme().is_some());
            uri.ok_or_else(|| BadSettings(vec![(key, SettingError::Malformed)]))?;
        }
        Ok(Self { region, credentials, endpoint: elsewhere.map(|(_, address)| address) })
    }
}
