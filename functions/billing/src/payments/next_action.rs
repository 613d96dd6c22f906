//! What the customer has to do before a payment can go on.

use super::provider::Action;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What the customer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextActionType {
    /// The owner of the card authenticates (3-D Secure): hand `clientSecret` to the provider's own page.
    Authenticate,
    /// Whoever pays reads `qrCode` in the application of their bank.
    PayPix,
}

/// What the customer has to do, and until when. What it holds is for this reply alone: it is not kept.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextAction {
    /// What.
    #[serde(rename = "type")]
    #[schemars(example = NextActionType::PayPix)]
    pub kind: NextActionType,
    /// With `authenticate`: what the provider's own page needs. Whoever has it can pay, and do nothing else.
    #[schemars(length(max = 255), example = None::<String>)]
    pub client_secret: Option<String>,
    /// With `pay_pix`: the text of the QR code, also to be copied.
    #[schemars(length(max = 1024), example = &"00020126580014br.gov.bcb.pix")]
    pub qr_code: Option<String>,
    /// After this nobody waits any more, UTC.
    #[schemars(example = "2026-11-21T11:00:00.123456Z")]
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for NextAction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "NextAction({:?})", self.kind)
    }
}

impl NextAction {
    /// What the provider says, for the caller.
    pub(super) fn of(action: &Action, expires_at: Timestamp) -> Self {
        let (kind, client_secret, qr_code) = match action {
            Action::Authenticate { client_secret } => {
                (NextActionType::Authenticate, Some(client_secret.expose().to_owned()), None)
            }
            Action::PayPix { qr_code, .. } => (NextActionType::PayPix, None, Some(qr_code.clone())),
        };
        Self { kind, client_secret, qr_code, expires_at }
    }
}
