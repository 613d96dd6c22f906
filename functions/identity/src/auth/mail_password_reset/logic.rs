//! The words of the mail.

use askama::Template;
use jiff::SignedDuration;
use shared::mail::Language;
use shared::validation::Text;
use uuid::Uuid;

/// For how long a link is good.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// The recipient.
pub(super) struct Recipient {
    pub(super) account: Uuid,
    pub(super) email: Text,
    pub(super) name: Text,
    pub(super) language: Language,
}

/// Subject and bodies of a mail.
pub(super) struct Words {
    pub(super) subject: Text,
    pub(super) html: String,
    pub(super) plain_text: String,
}

/// A body in one language and form. Askama escapes the values in HTML, by the template's extension (C11).
macro_rules! body {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            name: &'a str,
            link: &'a str,
        }
    };
}

body!(PortugueseHtml, "reset_password.pt-BR.html");
body!(PortugueseText, "reset_password.pt-BR.txt");
body!(EnglishHtml, "reset_password.en.html");
body!(EnglishText, "reset_password.en.txt");

/// The mail in the recipient's language.
pub(super) fn words(recipient: &Recipient, link: &str) -> Result<Words, askama::Error> {
    let name = recipient.name.as_str();
    let (subject, html, plain_text) = match recipient.language {
        Language::Portuguese => (
            "Escolha uma nova senha",
            PortugueseHtml { name, link }.render()?,
            PortugueseText { name, link }.render()?,
        ),
        Language::English => (
            "Choose a new password",
            EnglishHtml { name, link }.render()?,
            EnglishText { name, link }.render()?,
        ),
    };
    Ok(Words { subject: Text::try_from(subject).unwrap_or_default(), html, plain_text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://app.example/reset-password?token=abc";

    fn recipient(name: &str, language: Language) -> Recipient {
        let text = |text: &str| Text::try_from(text).unwrap();
        Recipient { account: Uuid::nil(), email: text("ana@example.com"), name: text(name), language }
    }

    #[test]
    fn each_language_says_who_what_and_where_in_both_forms() {
        let mut subjects = Vec::new();
        for &language in Language::ALL {
            let words = words(&recipient("Ana & Bia", language), LINK).unwrap();
            assert!(words.html.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(words.html.contains(&format!("href=\"{LINK}\"")));
            assert!(words.html.contains("Ana &#38; Bia") && words.plain_text.contains("Ana & Bia"));
            assert!(words.plain_text.contains(LINK) && words.plain_text.contains("30"));
            subjects.push(words.subject);
        }
        assert!(subjects[0] != subjects[1] && subjects.iter().all(|subject| !subject.as_str().is_empty()));
    }

    #[test]
    fn a_hostile_name_is_text_in_html() {
        for &language in Language::ALL {
            let words = words(&recipient("<script>alert(1)</script>\" onload='x'", language), LINK).unwrap();
            assert!(!words.html.contains("<script") && !words.html.contains("\" onload"), "{}", words.html);
            assert!(words.html.contains("&#60;script&#62;"), "{}", words.html);
        }
    }
}
