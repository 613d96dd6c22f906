//! The words of the mail.

use crate::auth::mail::{Words, body};
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

body!(PortugueseHtml, "reset_password.pt-BR.html", name, link);
body!(PortugueseText, "reset_password.pt-BR.txt", name, link);
body!(EnglishHtml, "reset_password.en.html", name, link);
body!(EnglishText, "reset_password.en.txt", name, link);

/// The mail in the recipient's language.
pub(super) fn words(recipient: &Recipient, link: &str) -> Result<Words, askama::Error> {
    let name = recipient.name.as_str();
    match recipient.language {
        Language::Portuguese => Words::of(
            "Escolha uma nova senha",
            &PortugueseHtml { name, link },
            &PortugueseText { name, link },
        ),
        Language::English => {
            Words::of("Choose a new password", &EnglishHtml { name, link }, &EnglishText { name, link })
        }
    }
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
