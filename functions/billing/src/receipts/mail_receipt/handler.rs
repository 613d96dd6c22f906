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

/// Reads what the paper shows, draws it, and puts it into the letter box. A key that is known is answered before anything is
/// made or refused.
pub(super) async fn handle(
    call: &Call<'_, (ReceiptSigner, PublicUrl)>,
    id: Uuid,
    body: NewMail,
) -> Result<Reply<Mailed>, Error<MailReceiptFailure>> {
    let clinic = call.principal()?.clinic_id;
    let mut tx = call.read()?;
    let key = call.stored_key().map(|stored| tx.add(stored));
    let found = tx.add(rendering::source(clinic, Of::Id(id)));
    let done = tx.commit::<MailReceiptFailure>().await?;
    let key = key.map(|key| done.optional(&key)).transpose()?.flatten();
    if let Some(mailed) = call.replay(key.as_ref())? {
        return Ok(reply(id, mailed).replayed(true));
    }
    let mut source = done.optional(&found)?.ok_or(MailReceiptFailure::ReceiptNotFound)?;
    let address = body.to.or(source.email.take()).ok_or(MailReceiptFailure::ReceiptWithoutAddress)?;
    let patient = source.patient;
    let document = rendering::document_of::<MailReceiptFailure>(call, source).await?;
    let mail = letter(format!("receipt/{id}/{}", call.new_id()), address, &document)?;
    let mut tx = call.write()?;
    tx.add(request_mail_of(call, mail)?);
    tx.add(call.audit_about(id, patient)?);
    let stored = tx.commit_with_reply::<_, MailReceiptFailure>(db::mailed(clinic, id)).await?;
    Ok(reply(id, stored.data).replayed(stored.replayed))
}

fn reply(id: Uuid, mailed: Mailed) -> Reply<Mailed> {
    Reply::accepted(format!("/api/v1/receipts/{id}"), mailed)
}
