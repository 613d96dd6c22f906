//! The one step in which a receipt becomes a document: its content is composed, signed and kept. Whoever comes first writes it,
//! and everybody reads that one, so that a receipt has one document however often the step is taken, in any order, at once.

use super::code::Code;
use super::content::{Content, Known};
use super::document::Document;
use super::signer::ReceiptSigner;
use jiff::Timestamp;
use shared::access::PublicUrl;
use shared::database::{Columns, DecodeError, Statement};
use shared::failure::{Error, Failure, Fault};
use shared::http::Call;
use shared::validation::Text;
use uuid::Uuid;

/// What a receipt's document is made of, and the document where there is one.
pub(super) struct Source {
    pub(super) id: Uuid,
    pub(super) patient: Uuid,
    pub(super) document: Option<Document>,
    /// Where the payer is written to, if that is known.
    pub(super) email: Option<Text>,
    code: Code,
    known: String,
}

/// Which receipt.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// The receipt of this id.
    Id(Uuid),
    /// The receipt of this transaction.
    Transaction(Uuid),
}

/// The receipt with everything that its paper says; no row for an unknown one or another clinic's, and none for a transaction
/// without a receipt.
pub(super) fn source(clinic: Uuid, of: Of) -> Statement<Source> {
    let (id, transaction) = match of {
        Of::Id(id) => (Some(id), None),
        Of::Transaction(transaction) => (None, Some(transaction)),
    };
    Statement::new(
        "billing.receipt_source",
        "SELECT r.id, r.clinic_id, r.patient_id, r.code, d.content, d.signature, d.key_id, w.payer ->> 'email' AS email,
                jsonb_build_object(
                    'amountMinor', r.amount_minor, 'currency', r.currency, 'description', t.description,
                    'issuedOn', r.issued_on, 'kind', r.kind, 'language', c.language, 'method', t.method,
                    'number', r.number, 'patient', p.full_name, 'refundOf', o.number,
                    'payer', CASE WHEN w.payer IS NOT NULL
                                  THEN jsonb_build_object('name', w.payer -> 'name', 'document', w.payer -> 'document') END,
                    'clinic', jsonb_build_object(
                        'name', COALESCE(c.legal_name, c.name), 'document', c.document, 'address', c.address,
                        'councilNumber', c.council_number))::text AS known
           FROM billing.receipts AS r
           JOIN billing.transfers AS t ON t.clinic_id = r.clinic_id AND t.id = r.transaction_id
           JOIN identity.published_clinics AS c ON c.id = r.clinic_id
           JOIN patients.published_patients AS p ON p.clinic_id = r.clinic_id AND p.id = r.patient_id
           LEFT JOIN billing.refunds AS b ON b.clinic_id = t.clinic_id AND b.id = t.source_id AND t.source = 'refund'
           LEFT JOIN billing.payments AS y ON y.clinic_id = t.clinic_id
                AND y.id = CASE t.source WHEN 'payment' THEN t.source_id WHEN 'refund' THEN b.payment_id END
          CROSS JOIN LATERAL (SELECT COALESCE(y.payer, t.payer) AS payer) AS w
           LEFT JOIN billing.receipts AS o ON o.clinic_id = b.clinic_id AND o.transaction_id = y.transaction_id
           LEFT JOIN billing.receipt_documents AS d ON d.clinic_id = r.clinic_id AND d.receipt_id = r.id
          WHERE r.clinic_id = $1
            AND ($2::uuid IS NULL OR r.id = $2)
            AND ($3::uuid IS NULL OR r.transaction_id = $3)",
    )
    .bind(clinic)
    .bind(id)
    .bind(transaction)
    .decode(|columns| {
        let code: &[u8] = columns.get("code")?;
        let random = code.try_into().map_err(|_| DecodeError("code".to_owned()))?;
        Ok(Source {
            id: columns.get("id")?,
            patient: columns.get("patient_id")?,
            document: columns.get::<Option<&str>>("content")?.map(|_| document(columns)).transpose()?,
            email: columns.optional_text("email")?,
            code: Code { clinic: columns.get("clinic_id")?, random },
            known: columns.get("known")?,
        })
    })
}

impl Source {
    /// The document of what is known now, signed.
    pub(super) fn render(self, signer: &ReceiptSigner, public_url: &str) -> Result<Document, Fault> {
        let known: Known = serde_json::from_str(&self.known)
            .map_err(|_| Fault::internal("a receipt's source cannot be read"))?;
        let code = self.code.written();
        let link = format!("{public_url}/verify-receipt?code={code}");
        let content = Content::compose(known, code, link).canonical()?;
        let signature = signer.0.sign(content.as_bytes())?;
        Ok(Document::of(content, signer.0.id().to_owned(), &signature))
    }
}

/// The receipt's document, which is made now where nobody has made it yet. Whoever asks has read the source.
pub(super) async fn document_of<F: Failure>(
    call: &Call<'_, (ReceiptSigner, PublicUrl)>,
    mut source: Source,
) -> Result<Document, Error<F>> {
    if let Some(document) = source.document.take() {
        return Ok(document);
    }
    let (clinic, id, (signer, url)) = (call.principal()?.clinic_id, source.id, call.parts);
    let mut tx = call.write_behind()?;
    tx.add(keep(clinic, id, source.render(signer, url.as_str())?, call.now));
    let kept = tx.add(kept(clinic, id));
    Ok(tx.commit::<F>().await?.one(&kept)?)
}

/// Keeps the document, unless the receipt has one. An insert at the same time is waited for.
pub(super) fn keep(clinic: Uuid, receipt: Uuid, document: Document, now: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.keep_receipt_document",
        "INSERT INTO billing.receipt_documents (clinic_id, receipt_id, content, signature, key_id, created_at)
         VALUES ($1, $2, $3, decode($4, 'base64'), $5, $6)
             ON CONFLICT (clinic_id, receipt_id) DO NOTHING",
    )
    .bind(clinic)
    .bind(receipt)
    .bind(document.content)
    .bind(document.signature)
    .bind(document.key_id)
    .bind(now)
}

/// The receipt's document, behind [`keep`] in the same transaction.
pub(super) fn kept(clinic: Uuid, receipt: Uuid) -> Statement<Document> {
    Statement::new(
        "billing.receipt_document",
        "SELECT content, signature, key_id
           FROM billing.receipt_documents
          WHERE clinic_id = $1
            AND receipt_id = $2",
    )
    .bind(clinic)
    .bind(receipt)
    .decode(document)
}

fn document(columns: &Columns<'_>) -> Result<Document, DecodeError> {
    let (content, key_id) = (columns.get("content")?, columns.get("key_id")?);
    Ok(Document::of(content, key_id, columns.get("signature")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipts::content::tests::known;
    use shared::access::token::{DocumentKey, DocumentSigner, new_key_pair};

    #[test]
    fn what_is_signed_is_what_is_kept() {
        let (secret, public) = new_key_pair().unwrap();
        let signer = ReceiptSigner(DocumentSigner::from_paserk(&secret).unwrap());
        let source = || Source {
            id: Uuid::nil(),
            patient: Uuid::nil(),
            document: None,
            email: None,
            code: Code { clinic: Uuid::nil(), random: [7; 16] },
            known: known().to_string(),
        };
        let url = "https://app.example";
        let document = source().render(&signer, url).unwrap();
        assert!(document.is_signed_by(&DocumentKey::from_paserk(&public).unwrap()));
        assert!(document == source().render(&signer, url).unwrap(), "the same each time");
        let code = source().code.written();
        let content: serde_json::Value = serde_json::from_str(document.signed()).unwrap();
        assert_eq!(content["link"], format!("https://app.example/verify-receipt?code={code}"));
    }
}
