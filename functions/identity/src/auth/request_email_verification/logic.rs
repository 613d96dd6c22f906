//! The words of the mail.

use askama::Template;
use jiff::SignedDuration;
use shared::mail::Language;
use shared::validation::Text;
use uuid::Uuid;

/// For how long a link is good.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The recipient.
pub(super) struct Owner {
    pub(super) account: Uuid,
    pub(super) email: Text,
    pub(super) name: Text,
    pub(super) clinic_name: Text,
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
            clinic: &'a str,
            link: &'a str,
        }
    };
}

body!(PortugueseHtml, "verify_email.pt-BR.html");
body!(PortugueseText, "verify_email.pt-BR.txt");
body!(EnglishHtml, "verify_email.en.html");
body!(EnglishText, "verify_email.en.txt");

/// The mail in the clinic's language.
pub(super) fn words(owner: &Owner, link: &str) -> Result<Words, askama::Error> {
    let (name, clinic) = (owner.name.as_str(), owner.clinic_name.as_str());
    let (subject, html, plain_text) = match owner.language {
        Language::Portuguese => (
            "Confirme seu e-mail",
            PortugueseHtml { name, clinic, link }.render()?,
            PortugueseText { name, clinic, link }.render()?,
        ),
        Language::English => (
            "Confirm your e-mail address",
            EnglishHtml { name, clinic, link }.render()?,
            EnglishText { name, clinic, link }.render()?,
        ),
    };
    Ok(Words { subject: Text::try_from(subject).unwrap_or_default(), html, plain_text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://app.example/verify-email?token=abc";

    fn owner(clinic: &str, language: Language) -> Owner {
        let text = |text: &str| Text::try_from(text).unwrap();
        Owner {
            account: Uuid::nil(),
            email: text("ana@example.com"),
            name: text("Ana & Bia"),
            clinic_name: text(clinic),
            language,
        }
    }

    #[test]
    fn each_language_says_who_what_and_where_in_both_forms() {
        let mut subjects = Vec::new();
        for &language in Language::ALL {
            let words = words(&owner("Aurora", language), LINK).unwrap();
            assert!(words.html.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(words.html.contains(&format!("href=\"{LINK}\"")) && words.html.contains("Aurora"));
            assert!(words.html.contains("Ana &#38; Bia") && words.plain_text.contains("Ana & Bia"));
            assert!(words.plain_text.contains(LINK) && words.plain_text.contains("24"));
            subjects.push(words.subject);
        }
        assert!(subjects[0] != subjects[1] && subjects.iter().all(|subject| !subject.as_str().is_empty()));
    }

    #[test]
    fn a_hostile_name_is_text_in_html() {
        for &language in Language::ALL {
            let words = words(&owner("<script>alert(1)</script>\" onload='x'", language), LINK).unwrap();
            assert!(!words.html.contains("<script") && !words.html.contains("\" onload"), "{}", words.html);
            assert!(words.html.contains("&#60;script&#62;"), "{}", words.html);
            assert!(words.plain_text.contains("<script>alert(1)</script>"));
        }
    }
}
