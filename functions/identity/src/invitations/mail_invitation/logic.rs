//! The words of the mail.

use crate::auth::mail::{Words, body};
use shared::mail::Language;
use shared::validation::Text;

/// Whoever is invited, by whom and where.
pub(super) struct Guest {
    pub(super) email: Text,
    pub(super) name: Text,
    pub(super) inviter_name: Text,
    pub(super) clinic_name: Text,
    pub(super) language: Language,
}

body!(PortugueseHtml, "invitation.pt-BR.html", name, inviter, clinic, link);
body!(PortugueseText, "invitation.pt-BR.txt", name, inviter, clinic, link);
body!(EnglishHtml, "invitation.en.html", name, inviter, clinic, link);
body!(EnglishText, "invitation.en.txt", name, inviter, clinic, link);

/// The mail in the clinic's language. No name is in the subject: it would be somebody's own words to a stranger.
pub(super) fn words(guest: &Guest, link: &str) -> Result<Words, askama::Error> {
    let (name, inviter) = (guest.name.as_str(), guest.inviter_name.as_str());
    let clinic = guest.clinic_name.as_str();
    match guest.language {
        Language::Portuguese => Words::of(
            "Convite para trabalhar em uma clínica",
            &PortugueseHtml { name, inviter, clinic, link },
            &PortugueseText { name, inviter, clinic, link },
        ),
        Language::English => Words::of(
            "An invitation to work in a clinic",
            &EnglishHtml { name, inviter, clinic, link },
            &EnglishText { name, inviter, clinic, link },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://app.example/accept-invitation?token=abc";

    fn guest(name: &str, language: Language) -> Guest {
        let text = |text: &str| Text::try_from(text).unwrap();
        Guest {
            email: text("bia@example.com"),
            name: text(name),
            inviter_name: text("Ana <b>Souza</b>"),
            clinic_name: text("Clínica & Aurora"),
            language,
        }
    }

    #[test]
    fn each_language_says_who_invites_whom_where_and_how_in_both_forms() {
        let mut subjects = Vec::new();
        for &language in Language::ALL {
            let words = words(&guest("Bia & Eva", language), LINK).unwrap();
            assert!(words.html.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(words.html.contains(&format!("href=\"{LINK}\"")) && words.plain_text.contains(LINK));
            for escaped in ["Bia &#38; Eva", "Ana &#60;b&#62;Souza", "Clínica &#38; Aurora"] {
                assert!(words.html.contains(escaped), "{escaped}: {}", words.html);
            }
            for plain in ["Bia & Eva", "Ana <b>Souza</b>", "Clínica & Aurora"] {
                assert!(words.plain_text.contains(plain), "{plain}: {}", words.plain_text);
            }
            assert!(!words.subject.as_str().contains("Aurora"));
            subjects.push(words.subject);
        }
        assert!(subjects[0] != subjects[1] && subjects.iter().all(|subject| !subject.as_str().is_empty()));
    }
}
