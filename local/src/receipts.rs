//! `receipts verify`: whether a receipt's file is what was issued, without asking anybody.
//!
//! The signature is over the content that lies in the file. What the page shows is no part of it, so the paper is drawn again
//! from the content and compared: a page that says something else beside a good signature is told.

use crate::arguments::ReceiptsAction;
use crate::data::Data;
use crate::error::Error;
use billing::receipts::{Document, attached, draw};
use shared::access::token::DocumentKey;
use std::io::Write;
use std::path::Path;

/// What became of a receipt's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is the file that was issued, byte for byte.
    Valid,
    /// The content is what was signed; the page was not drawn by this version, or was changed.
    OnlyContent,
    /// The content is not what was signed by this key.
    Changed,
    /// It has no signed content, or several.
    NoReceipt,
}

/// Does what is asked.
pub fn run(action: ReceiptsAction, out: &mut dyn Write) -> Result<(), Error> {
    let ReceiptsAction::Verify { file, key, data } = action;
    let key = match key {
        Some(key) => key,
        None => Data::open(data)?.receipt_keys()?.1,
    };
    let key = DocumentKey::from_paserk(&key).map_err(Error::PublicKey)?;
    verify(&file, &key, out)
}

fn verify(path: &Path, key: &DocumentKey, out: &mut dyn Write) -> Result<(), Error> {
    let file = std::fs::read(path).map_err(Error::io("read", path))?;
    let document = attached(&file);
    let no = |why| Err(Error::NoReceipt(path.to_path_buf(), why));
    let verdict = document.as_ref().map_or(Verdict::NoReceipt, |document| judge(&file, document, key));
    let said = match verdict {
        Verdict::Valid => "valid: this is the file that was issued",
        Verdict::OnlyContent => {
            "the content is valid; this version of the program draws another page: go by what follows, not by the page"
        }
        Verdict::Changed => return no("is not signed with this key, or was changed"),
        Verdict::NoReceipt => return no("has no signed content, or several"),
    };
    writeln!(out, "{said}").map_err(Error::Output)?;
    match document {
        Some(document) => writeln!(out, "{}", document.signed()).map_err(Error::Output),
        None => Ok(()),
    }
}

fn judge(file: &[u8], document: &Document, key: &DocumentKey) -> Verdict {
    if !document.is_signed_by(key) {
        return Verdict::Changed;
    }
    match draw(document) {
        Ok(drawn) if drawn == file => Verdict::Valid,
        _ => Verdict::OnlyContent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;
    use shared::access::token::{DocumentSigner, new_key_pair};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A paper with that payer, and the key that it is signed with.
    fn paper(payer: &str) -> (Vec<u8>, String) {
        let (secret, public) = new_key_pair().unwrap();
        let signer = DocumentSigner::from_paserk(&secret).unwrap();
        let content = json!({
            "amountMinor": 15_000, "currency": "BRL", "description": null, "issuedOn": "2026-11-21", "kind": "received",
            "clinic": { "address": null, "councilNumber": null, "document": null, "name": "Clínica Aurora" },
            "language": "pt-BR", "method": "pix", "number": 7, "patient": null, "refundOf": null, "version": 1,
            "payer": { "document": null, "name": payer }, "code": "A".repeat(52), "link": "https://app.example/verify-receipt",
        });
        let content = content.to_string();
        let signature = STANDARD.encode(signer.sign(content.as_bytes()).unwrap());
        let document = json!({ "content": content, "keyId": signer.id(), "signature": signature });
        (draw(&serde_json::from_value(document).unwrap()).unwrap(), public)
    }

    /// What is said of the file, or why not.
    fn said(file: &[u8], key: &str) -> Result<String, String> {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("grafono-receipt-{}-{number}", std::process::id()));
        std::fs::write(&path, file).unwrap();
        let mut out = Vec::new();
        let verified = verify(&path, &DocumentKey::from_paserk(key).unwrap(), &mut out);
        std::fs::remove_file(&path).unwrap();
        verified.map(|()| String::from_utf8(out).unwrap()).map_err(|error| error.to_string())
    }

    /// The file with these bytes in the place of those.
    fn changed(file: &[u8], found: &[u8], instead: &[u8]) -> Vec<u8> {
        let place = file.windows(found.len()).position(|window| window == found).unwrap();
        [&file[..place], instead, &file[place + found.len()..]].concat()
    }

    #[test]
    fn the_file_that_was_issued_is_valid_and_says_what_was_signed() {
        let (file, key) = paper("Beatriz Lima");
        let said = said(&file, &key).unwrap();
        assert!(said.starts_with("valid:") && said.contains("Beatriz Lima"), "{said}");
    }

    #[test]
    fn another_content_and_another_key_are_told() {
        let (file, key) = paper("Beatriz Lima");
        let other = new_key_pair().unwrap().1;
        for refused in [said(&changed(&file, b"15000", b"95000"), &key), said(&file, &other)] {
            assert!(refused.unwrap_err().ends_with("is not signed with this key, or was changed"));
        }
    }

    #[test]
    fn another_page_beside_a_good_content_is_told() {
        let (file, key) = paper("Beatriz Lima");
        let other = changed(&file, b"/MediaBox", b"/MediaBux");
        let said = said(&other, &key).unwrap();
        assert!(said.contains("not by the page") && said.contains("Beatriz Lima"), "{said}");
    }

    #[test]
    fn a_file_with_no_content_or_with_two_is_no_receipt() {
        let (file, key) = paper("Beatriz Lima");
        let second = [file.as_slice(), &paper("Somebody else").0].concat();
        for none in [&b"%PDF-1.7"[..], b"", &second] {
            assert!(said(none, &key).unwrap_err().ends_with("has no signed content, or several"));
        }
    }
}
