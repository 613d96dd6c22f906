//! The common parts of all calls of SQS.

use super::Call;
use crate::settings::SettingError;
use serde_json::Value;

/// The address of a queue.
pub(crate) fn address(text: &str) -> Result<String, SettingError> {
    match text.parse::<http::Uri>() {
        Ok(uri) if uri.scheme().is_some() => Ok(text.to_owned()),
        _ => Err(SettingError::Malformed),
    }
}

/// A call of SQS.
pub(crate) fn call(target: &'static str, body: Value) -> Call {
    Call { target, content_type: "application/x-amz-json-1.0", body }
}
