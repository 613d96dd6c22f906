//! The common parts of all calls of SQS.

use super::Call;
use crate::settings::{BadSettings, SettingError};
use serde_json::Value;

/// Checks the address of a queue; the error names the setting.
pub(crate) fn checked(key: &'static str, address: &str) -> Result<(), BadSettings> {
    match address.parse::<http::Uri>() {
        Ok(uri) if uri.scheme().is_some() => Ok(()),
        _ => Err(BadSettings(vec![(key, SettingError::Malformed)])),
    }
}

/// A call of SQS.
pub(crate) fn call(target: &'static str, body: Value) -> Call {
    Call { target, content_type: "application/x-amz-json-1.0", body }
}
