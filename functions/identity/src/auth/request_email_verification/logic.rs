//! Whether a mail is due, and its words.

use crate::auth::mail::{Words, body};
use jiff::{SignedDuration, Timestamp};
use shared::mail::Language;
use shared::validation::Text;
use uuid::Uuid;

/// For how long a link is good.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The time in which one mail is sent to whoever asks for it.
const PACE: SignedDuration = SignedDuration::from_mins(10);

/// The instant from which on links are recent.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now - PACE
}

/// Whether a link that was asked for is mailed: not to a confirmed address, and not soon after another one that was.
pub(super) fn is_due(owner: &Owner) -> bool {
    let is_the_first = owner.links == 1;
    !owner.is_verified && (owner.recent_links == 0 || is_the_first)
}

/// The mail's key: of the sign-up's one, or of the one of these ten minutes.
pub(super) fn key(user: Uuid, asked_at: Option<Timestamp>) -> String {
    let place = asked_at.map(|at| format!("/{}", at.as_second() / PACE.as_secs()));
    format!("email-verification/{user}{}", place.unwrap_or_default())
}

/// The recipient.
pub(super) struct Owner {
    pub(super) account: Uuid,
    pub(super) email: Text,
    pub(super) name: Text,
    pub(super) clinic_name: Text,
    pub(super) language: Language,
    pub(super) is_verified: bool,
    /// The links that were made for the person, the one of the sign-up among them.
    pub(super) links: i64,
    /// Those of the last ten minutes.
    pub(super) recent_links: i64,
}

body!(PortugueseHtml, "verify_email.pt-BR.html", name, clinic, link);
body!(PortugueseText, "verify_email.pt-BR.txt", name, clinic, link);
body!(EnglishHtml, "verify_email.en.html", name, clinic, link);
body!(EnglishText, "verify_email.en.txt", name, clinic, link);

/// The mail in the clinic's language.
pub(super) fn words(owner: &Owner, link: &str) -> Result<Words, askama::Error> {
    let (name, clinic) = (owner.name.as_str(), owner.clinic_name.as_str());
    match owner.language {
        Language::Portuguese => Words::of(
            "Confirme seu e-mail",
            &PortugueseHtml { name, clinic, link },
            &PortugueseText { name, clinic, link },
        ),
        Language::English => Words::of(
            "Confirm your e-mail address",
            &EnglishHtml { name, clinic, link },
            &EnglishText { name, clinic, link },
        ),
    }
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
            is_verified: false,
            links: 0,
            recent_links: 0,
        }
    }

    #[test]
    fn what_is_asked_for_is_due_once_in_ten_minutes_and_not_to_a_confirmed_address() {
        let due = |is_verified, links, recent_links| {
            is_due(&Owner { is_verified, links, recent_links, ..owner("Aurora", Language::English) })
        };
        assert!(due(false, 0, 0) && due(false, 1, 0) && due(false, 1, 1) && due(false, 3, 0));
        assert!(!due(false, 2, 1) && !due(false, 2, 2) && !due(true, 1, 0));
    }

    #[test]
    fn ten_minutes_have_one_key_and_the_sign_up_has_its_own() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let of = |at| key(Uuid::nil(), at);
        assert_eq!(of(at(600)), of(at(1199)));
        assert_ne!(of(at(1199)), of(at(1200)));
        assert_eq!(of(None), format!("email-verification/{}", Uuid::nil()));
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
