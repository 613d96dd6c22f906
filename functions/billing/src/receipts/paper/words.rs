//! The paper's own words, in the languages that a clinic writes to people in.

use super::in_words::in_words;
use super::money::Money;
use crate::ledger::transfer::Method;
use crate::receipts::content::Content;
use crate::receipts::receipt::ReceiptKind;
use jiff::civil::Date;
use shared::mail::Language;

const MONTHS: [[&str; 12]; 2] = [
    [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// Everything that is written on the paper, in its order.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) amount: String,
    pub(super) clinic: Vec<String>,
    /// What stands before each line, and the line.
    pub(super) rows: Vec<(&'static str, String)>,
    pub(super) verify: String,
    pub(super) notes: Vec<String>,
}

/// The words of a receipt.
pub(super) fn of(content: &Content) -> Words {
    let language = content.language;
    let say = |portuguese: &'static str, english: &'static str| match language {
        Language::Portuguese => portuguese,
        Language::English => english,
    };
    let title = match content.kind {
        ReceiptKind::Received => say("Recibo nº", "Receipt No."),
        ReceiptKind::Refunded => say("Recibo de devolução nº", "Refund receipt No."),
    };
    let money = Money::of(content.amount_minor, &content.currency);
    Words {
        title: format!("{title} {}", content.number),
        amount: money.in_figures(language),
        clinic: clinic(content, &say),
        rows: rows(content, &money, &say),
        verify: say("Confira este recibo pelo QR code ou em", "Verify this receipt by the QR code or at")
            .to_owned(),
        notes: notes(content, &say),
    }
}

fn clinic(content: &Content, say: &impl Fn(&'static str, &'static str) -> &'static str) -> Vec<String> {
    let clinic = &content.clinic;
    let document = clinic.document.as_deref().map(registered);
    let council = clinic.council_number.as_ref();
    let council = council
        .map(|number| format!("{} {number}", say("Registro profissional:", "Professional registration:")));
    [document, council, clinic.address.clone()].into_iter().flatten().collect()
}

fn rows(
    content: &Content,
    money: &Money<'_>,
    say: &impl Fn(&'static str, &'static str) -> &'static str,
) -> Vec<(&'static str, String)> {
    let who = match content.kind {
        ReceiptKind::Received => say("Recebemos de", "Received from"),
        ReceiptKind::Refunded => say("Devolvemos a", "Given back to"),
    };
    let first = content.refund_of.map(|number| number.to_string());
    let method = content.method.map(|method| named(method, say).to_owned());
    let rows = [
        (who, Some(content.payer.name.clone())),
        (say("Documento", "Document"), content.payer.document.clone()),
        (say("Paciente", "Patient"), content.patient.clone()),
        (say("A importância de", "The sum of"), Some(in_words(content.language, money))),
        (say("Referente a", "For"), content.description.clone()),
        (say("Devolve o recibo nº", "Of receipt No."), first),
        (say("Forma", "By"), method),
        (say("Data", "Date"), Some(day(content.language, content.issued_on))),
    ];
    rows.into_iter().filter_map(|(label, text)| Some((label, text?))).collect()
}

fn notes(content: &Content, say: &impl Fn(&'static str, &'static str) -> &'static str) -> Vec<String> {
    let letters: Vec<char> = content.code.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    vec![
        format!("{} {}", say("Código:", "Code:"), groups.join(" ")),
        say(
            "O conteúdo deste recibo está assinado, e anexo a este arquivo.",
            "What this receipt says is signed, and attached to this file.",
        )
        .to_owned(),
        say(
            "Este recibo não substitui a NFS-e nem o recibo do Receita Saúde.",
            "This receipt takes the place of neither an NFS-e nor a receipt of Receita Saúde.",
        )
        .to_owned(),
    ]
}

fn named(method: Method, say: &impl Fn(&'static str, &'static str) -> &'static str) -> &'static str {
    match method {
        Method::Cash => say("dinheiro", "cash"),
        Method::Card => say("cartão", "card"),
        Method::Pix => say("Pix", "Pix"),
        Method::BankTransfer => say("transferência bancária", "bank transfer"),
        Method::Other => say("outra", "another means"),
    }
}

/// A CPF or CNPJ with its dots and strokes.
fn registered(document: &str) -> String {
    let part = |from: usize, to: usize| document.get(from..to).unwrap_or_default();
    match document.len() {
        11 => format!("CPF: {}.{}.{}-{}", part(0, 3), part(3, 6), part(6, 9), part(9, 11)),
        _ => format!("CNPJ: {}.{}.{}/{}-{}", part(0, 2), part(2, 5), part(5, 8), part(8, 12), part(12, 14)),
    }
}

/// The day as people write it.
fn day(language: Language, day: Date) -> String {
    let (months, of) = match language {
        Language::Portuguese => (&MONTHS[0], " de "),
        Language::English => (&MONTHS[1], " "),
    };
    let month = usize::try_from(day.month() - 1)
        .ok()
        .and_then(|month| months.get(month))
        .copied()
        .unwrap_or_default();
    format!("{}{of}{month}{of}{}", day.day(), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipts::content::tests::{content, known};
    use serde_json::{Value, json};

    fn texts(words: &Words) -> String {
        let rows = words.rows.iter().map(|(label, text)| format!("{label}: {text}"));
        [&words.title, &words.amount, &words.verify]
            .into_iter()
            .cloned()
            .chain(words.clinic.clone())
            .chain(rows)
            .chain(words.notes.clone())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn each_language_says_who_what_and_when() {
        let (portuguese, mut known) = (texts(&of(&content(known()))), known());
        for said in [
            "Recibo nº 7",
            "R$\u{a0}150,00",
            "CNPJ: 11.222.333/0001-81",
            "Registro profissional: CRFa 2-12345",
            "Rua das Flores, 10",
            "Recebemos de: Beatriz Lima",
            "Documento: 529.982.247-25",
            "Paciente: Léo Lima",
            "A importância de: cento e cinquenta reais",
            "Forma: Pix",
            "Data: 21 de novembro de 2026",
            "Código: AAAA AAAA",
            "não substitui a NFS-e nem o recibo do Receita Saúde",
        ] {
            assert!(portuguese.contains(said), "{said}: {portuguese}");
        }
        known["language"] = json!("en");
        let english = texts(&of(&content(known)));
        for said in
            ["Receipt No. 7", "R$\u{a0}150.00", "one hundred and fifty reais", "Date: 21 November 2026"]
        {
            assert!(english.contains(said), "{said}: {english}");
        }
    }

    #[test]
    fn one_for_money_given_back_names_the_first() {
        let mut known = known();
        (known["kind"], known["refundOf"], known["method"]) = (json!("refunded"), json!(3), json!("card"));
        let words = texts(&of(&content(known)));
        for said in [
            "Recibo de devolução nº 7",
            "Devolvemos a: Beatriz Lima",
            "Devolve o recibo nº: 3",
            "Forma: cartão",
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_on_it() {
        let mut known = known();
        known["clinic"] =
            json!({ "name": "Aurora", "document": null, "address": null, "councilNumber": null });
        (known["payer"], known["description"], known["method"]) = (Value::Null, Value::Null, Value::Null);
        let words = of(&content(known));
        assert!(words.clinic.is_empty());
        let labels: Vec<&str> = words.rows.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels, ["Recebemos de", "A importância de", "Data"]);
    }

    #[test]
    fn documents_are_written_as_people_know_them() {
        assert_eq!(registered("52998224725"), "CPF: 529.982.247-25");
        assert_eq!(registered("12ABC34501DE35"), "CNPJ: 12.ABC.345/01DE-35");
    }
}
