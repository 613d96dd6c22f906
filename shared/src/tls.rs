//! TLS as a client: rustls with aws-lc-rs and the `WebPKI` roots. The system's own roots would cost milliseconds of
//! every start.

use crate::settings::SettingError;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The TLS settings of connections to others.
pub(crate) fn client_config() -> Result<ClientConfig, SettingError> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| SettingError::Malformed)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
