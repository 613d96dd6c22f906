//! `render-receipt`: composes what a receipt's paper shows, signs it and keeps it, once; and mails the paper to whoever paid, where
//! it was said where that is. Nobody else is written to: a patient's own address is not known here.
//!
//! - **Hears**: `ledger.transaction_recorded`. Of a transaction without a receipt nothing is made.
//! - **Reads**: `billing.receipts`, `billing.transfers`, `billing.payments`, `billing.refunds`,
//!   `identity.published_clinics`, `patients.published_patients`.
//! - **Writes**: `billing.receipt_documents`; `kernel.mails` and outbox (`mail.requested`) with the inbox row.
//! - **Once**: a receipt has one document, whoever makes it: whoever asks for the paper before this has run makes it as well. The
//!   mail's key is the receipt.
//! - **Round trips**: 3. What is signed is read before it is kept, and what is mailed is what was kept.

use super::document::Document;
use super::letter::letter;
use super::rendering::{self, Of, Source};
use super::signer::ReceiptSigner;
use shared::access::PublicUrl;
use shared::background::{Consumer, Delivery, Halt, request_mail};
use shared::failure::{Fault, NoFailure};

/// The declaration.
#[derive(Debug)]
pub struct RenderReceipt;

impl Consumer for RenderReceipt {
    const NAME: &'static str = "render-receipt";
    const SUMMARY: &'static str = "Composes and signs what a receipt shows, and mails it to whoever paid";
    const KINDS: &'static [&'static str] = &["ledger.transaction_recorded"];
    const ANNOUNCES: bool = true;
    type Parts = (ReceiptSigner, PublicUrl);

    async fn take(delivery: &Delivery<'_, Self::Parts>) -> Result<(), Halt> {
        let mut tx = delivery.read();
        let of = Of::Transaction(delivery.id("transactionId")?);
        let found = tx.add(rendering::source(delivery.clinic(), of));
        let found = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&found)?;
        let Some(mut source) = found else {
            return delivery.commit(delivery.begin()).await.map(drop);
        };
        let (id, address) = (source.id, source.email.take());
        let document = match source.document.take() {
            Some(document) => document,
            None => keep(delivery, source).await?,
        };
        let mut tx = delivery.begin();
        if let Some(address) = address {
            tx.add(request_mail(delivery, letter(format!("receipt/{id}"), address, &document)?));
        }
        delivery.commit(tx).await.map(drop)
    }
}

/// Makes the document, and gives the one that is kept: what is mailed is what everybody reads.
async fn keep(
    delivery: &Delivery<'_, (ReceiptSigner, PublicUrl)>,
    source: Source,
) -> Result<Document, Fault> {
    let (signer, url) = delivery.parts;
    let (clinic, id) = (delivery.clinic(), source.id);
    let mut tx = delivery.aside();
    tx.add(rendering::keep(clinic, id, source.render(signer, url.as_str())?, delivery.now));
    let kept = tx.add(rendering::kept(clinic, id));
    tx.commit::<NoFailure>().await.map_err(Fault::from)?.one(&kept)
}
