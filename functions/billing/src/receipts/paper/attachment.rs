//! The signed content as it lies in the paper.
//!
//! It lies there as it is, not packed, so that it is found without a reader of PDF.

use crate::receipts::document::Document;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use shared::failure::Fault;

/// The name of the attachment.
const NAME: &str = "receipt.json";

/// What an attachment begins with: the first member of a document.
const BEGINNING: &[u8] = br#"{"content":"#;

/// The document as an attachment.
pub(super) fn of(document: &Document) -> Result<EmbeddedFile, Fault> {
    let bytes = serde_json::to_vec(document).map_err(|_| Fault::internal("a receipt cannot be attached"))?;
    Ok(EmbeddedFile {
        path: NAME.to_owned(),
        mime_type: MimeType::new("application/json"),
        description: Some("The signed content of this receipt".to_owned()),
        association_kind: AssociationKind::Source,
        data: bytes.into(),
        modification_date: None,
        compress: Some(false),
        location: None,
    })
}

/// The document that lies in a paper; none in any other file, and none where there are several, of which nobody could say
/// which one the page shows.
pub fn attached(file: &[u8]) -> Option<Document> {
    let mut places = file.windows(BEGINNING.len()).enumerate().filter(|(_, window)| *window == BEGINNING);
    let (start, _) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(file.get(start..)?).into_iter::<Document>();
    values.next()?.ok()
}
