use super::db;
use super::schema::{MailReceiptFailure, Mailed, NewMail};
use crate::receipts::letter::letter;
use crate::receipts::rendering::{self, Of};
use crate::receipts::signer::ReceiptSigner;
use shared::access::PublicUrl;
use shared::background::request_mail_of;
use shared::failure::Error;
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Reads what the paper shows, draws it, and puts it into the letter box.
pub(super) async fn handle(
    call: &Call<'_, (ReceiptSigner, PublicUrl)>,
    id: Uuid,
    body: NewMail,
) -> Result<Reply<Mailed>, Error<MailReceiptFailure>> {
    let clinic = call.principal()?.clinic_id;
    let mut tx = call.read()?;
    let found = tx.add(rendering::source(clinic, Of::Id(id)));
    let found = tx.commit::<MailReceiptFailure>().await?.optional(&found)?;
    let mut source = found.ok_or(MailReceiptFailure::ReceiptNotFound)?;
    let address = body.to.or(source.email.take()).ok_or(MailReceiptFailure::ReceiptWithoutAddress)?;
    let patient = source.patient;
    let document = rendering::document_of::<MailReceiptFailure>(call, source).await?;
    let mail = letter(format!("receipt/{id}/{}", call.new_id()), address, &document)?;
    let mut tx = call.write()?;
    tx.add(request_mail_of(call, mail)?);
    tx.add(call.audit_about(id, patient)?);
    let stored = tx.commit_with_reply::<_, MailReceiptFailure>(db::mailed(clinic, id)).await?;
    Ok(Reply::accepted(format!("/api/v1/receipts/{id}"), stored.data).replayed(stored.replayed))
}
