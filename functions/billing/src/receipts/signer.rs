//! What signs receipts, as a part.

use shared::access::token::DocumentSigner;
use shared::parts::{Noted, Part, Reader, Requirements};
use shared::settings::{Form, Parameter, Setting};

const RECEIPT_SECRET_KEY: Setting = Setting::required(
    "RECEIPT_SECRET_KEY",
    "PASERK `k4.secret.…`: the key that receipts are signed with, another than that of tokens",
)
.secret("RECEIPT_SECRET_KEY_SECRET_ARN")
.form("a PASERK key that begins with k4.secret., as `token-keys` makes it")
.parameter(Parameter::new("ReceiptSecretKeySecretArn", Form::SecretArn));

/// The key that receipts are signed with.
#[derive(Debug)]
pub struct ReceiptSigner(pub(super) DocumentSigner);

impl Part for ReceiptSigner {
    const NAME: &'static str = "receipt signer";
    const REQUIREMENTS: Requirements = Requirements::settings(&[RECEIPT_SECRET_KEY]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        settings.required(&RECEIPT_SECRET_KEY, DocumentSigner::from_paserk).map(Self)
    }
}
