//! The mail that takes a receipt to whoever paid.

use super::document::Document;
use super::paper;
use askama::Template;
use shared::background::MailRequest;
use shared::failure::Fault;
use shared::mail::{Attachment, Language};
use shared::validation::Text;

/// A body in one language and form. Askama escapes what is filled in where it is HTML, by the template's extension (C11).
macro_rules! body {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            name: &'a str,
            number: i64,
            clinic: &'a str,
            link: &'a str,
        }
    };
}

body!(PortugueseHtml, "receipt.pt-BR.html");
body!(PortugueseText, "receipt.pt-BR.txt");
body!(EnglishHtml, "receipt.en.html");
body!(EnglishText, "receipt.en.txt");

/// The mail with this receipt's paper, once a key.
pub(super) fn letter(key: String, address: Text, document: &Document) -> Result<MailRequest, Fault> {
    let content = document.content()?;
    let failed = |_| Fault::internal("a receipt's mail cannot be written");
    let (name, clinic, link) =
        (content.payer.name.as_str(), content.clinic.name.as_str(), content.link.as_str());
    let number = content.number;
    let (subject, file, html, plain_text) = match content.language {
        Language::Portuguese => (
            format!("Recibo nº {number}"),
            format!("recibo-{number}.pdf"),
            PortugueseHtml { name, number, clinic, link }.render(),
            PortugueseText { name, number, clinic, link }.render(),
        ),
        Language::English => (
            format!("Receipt No. {number}"),
            format!("receipt-{number}.pdf"),
            EnglishHtml { name, number, clinic, link }.render(),
            EnglishText { name, number, clinic, link }.render(),
        ),
    };
    let text = |text: &str| {
        Text::try_from(text).map_err(|_| Fault::internal("a receipt's mail has a word of two lines"))
    };
    Ok(MailRequest {
        key,
        language: content.language,
        address,
        name: Some(text(name)?),
        subject: text(&subject)?,
        html: html.map_err(failed)?,
        plain_text: plain_text.map_err(failed)?,
        attachments: vec![Attachment {
            name: text(&file)?,
            media_type: text("application/pdf")?,
            content: paper::draw(document)?,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipts::content::tests::{content, known};
    use serde_json::json;

    fn mail(language: &str, name: &str) -> MailRequest {
        let mut known = known();
        (known["language"], known["payer"]["name"]) = (json!(language), json!(name));
        let document = Document::of(content(known).canonical().unwrap(), "k4.pid.A".to_owned(), &[0; 64]);
        letter("receipt/1".to_owned(), Text::try_from("bia@example.com").unwrap(), &document).unwrap()
    }

    #[test]
    fn each_language_brings_the_paper() {
        for (language, subject, file) in
            [("pt-BR", "Recibo nº 7", "recibo-7.pdf"), ("en", "Receipt No. 7", "receipt-7.pdf")]
        {
            let mail = mail(language, "Beatriz & Ana");
            assert_eq!(mail.subject.as_str(), subject);
            assert!(mail.html.contains(&format!("<html lang=\"{language}\">")), "{}", mail.html);
            assert!(mail.html.contains("Beatriz &#38; Ana") && mail.plain_text.contains("Beatriz & Ana"));
            assert!(mail.plain_text.contains("https://app.example/verify-receipt?code="));
            let [paper] = mail.attachments.as_slice() else { panic!("one paper") };
            assert_eq!((paper.name.as_str(), paper.media_type.as_str()), (file, "application/pdf"));
            assert!(paper.content.starts_with(b"%PDF-"));
        }
    }

    #[test]
    fn a_hostile_name_is_text_in_html() {
        let mail = mail("pt-BR", "<script>alert(1)</script>");
        assert!(!mail.html.contains("<script") && mail.html.contains("&#60;script&#62;"), "{}", mail.html);
        assert!(!mail.subject.as_str().contains("script"), "nobody's own words are in the subject");
    }
}
