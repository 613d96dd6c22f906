//! What a receipt's paper shows: composed once, signed, and kept, so that the paper stays what it was when clinic or patient
//! has another name, or none any more.
//!
//! It is signed in the canonical form of RFC 8785. With names in ASCII and whole numbers that is what `serde_json` writes of
//! members in the order of their names.

use super::receipt::ReceiptKind;
use crate::ledger::transfer::Method;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::failure::Fault;
use shared::mail::Language;

/// The form of the content: it changes with the members.
const VERSION: u8 = 1;

/// The content. Members stand in the order of their names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Content {
    pub(super) amount_minor: i64,
    pub(super) clinic: Clinic,
    pub(super) code: String,
    pub(super) currency: String,
    pub(super) description: Option<String>,
    pub(super) issued_on: Date,
    pub(super) kind: ReceiptKind,
    pub(super) language: Language,
    pub(super) link: String,
    pub(super) method: Option<Method>,
    pub(super) number: i64,
    /// Where somebody else pays.
    pub(super) patient: Option<String>,
    pub(super) payer: Payer,
    /// The number of the first receipt, of one for money given back.
    pub(super) refund_of: Option<i64>,
    pub(super) version: u8,
}

/// The clinic as it was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Clinic {
    pub(super) address: Option<String>,
    pub(super) council_number: Option<String>,
    pub(super) document: Option<String>,
    pub(super) name: String,
}

/// Who paid, or was given back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payer {
    pub(super) document: Option<String>,
    pub(super) name: String,
}

impl std::fmt::Debug for Content {
    /// The type alone: it says who paid.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Content")
    }
}

/// What the database knows of a receipt at the moment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Known {
    amount_minor: i64,
    clinic: Clinic,
    currency: String,
    description: Option<String>,
    issued_on: Date,
    kind: ReceiptKind,
    language: Language,
    method: Option<Method>,
    number: i64,
    patient: String,
    payer: Option<Payer>,
    refund_of: Option<i64>,
}

impl Content {
    /// The content of what is known now. `link` is where the code is verified.
    pub(super) fn compose(known: Known, code: String, link: String) -> Self {
        let Known { patient, payer, .. } = known;
        let is_another = payer.as_ref().is_some_and(|payer| payer.name != patient);
        Self {
            amount_minor: known.amount_minor,
            clinic: known.clinic,
            code,
            currency: known.currency,
            description: known.description,
            issued_on: known.issued_on,
            kind: known.kind,
            language: known.language,
            link,
            method: known.method,
            number: known.number,
            patient: is_another.then(|| patient.clone()),
            payer: payer.unwrap_or(Payer { document: None, name: patient }),
            refund_of: known.refund_of,
            version: VERSION,
        }
    }

    /// The bytes that are signed and kept.
    pub(super) fn canonical(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|_| Fault::internal("a receipt's content cannot be written"))
    }

    /// The content of those bytes.
    pub(super) fn read(canonical: &str) -> Result<Self, Fault> {
        serde_json::from_str(canonical).map_err(|_| Fault::internal("a receipt's content cannot be read"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A receipt as others are made of.
    pub(in crate::receipts) fn known() -> Value {
        json!({
            "amountMinor": 15_000, "currency": "BRL", "description": "Session of \"21\" November\t\u{1F600}\u{7f}é",
            "issuedOn": "2026-11-21", "kind": "received", "language": "pt-BR", "method": "pix", "number": 7,
            "patient": "Léo Lima", "payer": { "name": "Beatriz Lima", "document": "529.982.247-25" }, "refundOf": null,
            "clinic": {
                "name": "Clínica Aurora Ltda.", "document": "11222333000181", "address": "Rua das Flores, 10",
                "councilNumber": "CRFa 2-12345",
            },
        })
    }

    pub(in crate::receipts) fn content(known: Value) -> Content {
        let known: Known = serde_json::from_value(known).unwrap();
        Content::compose(
            known,
            "A".repeat(52),
            format!("https://app.example/verify-receipt?code={}", "A".repeat(52)),
        )
    }

    #[test]
    fn what_is_signed_is_the_canonical_form() {
        let content = content(known());
        let canonical = content.canonical().unwrap();
        assert_eq!(canonical, serde_json_canonicalizer::to_string(&content).unwrap());
        let unordered: Value = serde_json::from_str(&canonical).unwrap();
        assert_eq!(canonical, serde_json_canonicalizer::to_string(&unordered).unwrap());
        assert!(Content::read(&canonical).unwrap() == content);
    }

    #[test]
    fn a_patient_is_named_beside_another_payer_and_pays_for_itself_otherwise() {
        let both = content(known());
        assert_eq!((both.payer.name.as_str(), both.patient.as_deref()), ("Beatriz Lima", Some("Léo Lima")));
        for payer in [Value::Null, json!({ "name": "Léo Lima", "document": null })] {
            let mut known = known();
            known["payer"] = payer;
            let one = content(known);
            assert_eq!((one.payer.name.as_str(), one.patient), ("Léo Lima", None));
        }
    }

    #[test]
    fn no_log_line_has_anything_of_it() {
        assert_eq!(format!("{:?}", content(known())), "Content");
    }
}
