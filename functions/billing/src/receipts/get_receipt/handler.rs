use super::schema::GetReceiptFailure;
use crate::receipts::Receipt;
use crate::receipts::paper;
use crate::receipts::receipt::receipt;
use crate::receipts::rendering::{self, Of};
use crate::receipts::signer::ReceiptSigner;
use http::StatusCode;
use shared::access::PublicUrl;
use shared::failure::Error;
use shared::http::{Call, Reply, Represented, Response};
use uuid::Uuid;

type Own<'a> = Call<'a, (ReceiptSigner, PublicUrl)>;

/// The receipt in the form asked for.
pub(super) async fn handle(
    call: &Own<'_>,
    id: Uuid,
) -> Result<Represented<Receipt>, Error<GetReceiptFailure>> {
    if call.media_type == super::PDF {
        let mut tx = call.read()?;
        let found = tx.add(rendering::source(call.principal()?.clinic_id, Of::Id(id)));
        let found = tx.commit::<GetReceiptFailure>().await?.optional(&found)?;
        let source = found.ok_or(GetReceiptFailure::ReceiptNotFound)?;
        call.shows(vec![source.patient])?;
        let pdf = paper::draw(&rendering::document_of::<GetReceiptFailure>(call, source).await?)?;
        return Ok(Represented::As(Response::with_body(StatusCode::OK, super::PDF, pdf)));
    }
    let mut tx = call.read()?;
    let handle = tx.add(receipt(call.principal()?.clinic_id, id));
    let found = tx.commit::<GetReceiptFailure>().await?.optional(&handle)?;
    let receipt = found.ok_or(GetReceiptFailure::ReceiptNotFound)?;
    call.shows(vec![receipt.patient_id])?;
    Ok(Represented::Json(Reply::ok(receipt)))
}
