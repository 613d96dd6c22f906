//! What happened to a session, and the words of the mail.

use crate::auth::mail::{Words, body};
use shared::mail::Language;
use shared::validation::Text;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// What happened to a session, by the kind of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
pub(super) enum Alert {
    /// It was ended: a token came again that had been replaced.
    #[strum(serialize = "session.token_reused")]
    TokenReused,
    /// It goes on: its own device came late with a token that had been replaced.
    #[strum(serialize = "session.helped_on")]
    HelpedOn,
}

/// The mail's key.
pub(super) fn key(alert: Alert, session: Uuid) -> String {
    format!("{}/{session}", <&str>::from(alert))
}

/// The recipient, and the session that the mail is about.
pub(super) struct Recipient {
    pub(super) email: Text,
    pub(super) name: Text,
    pub(super) clinic_name: Text,
    pub(super) language: Language,
    /// As the client called it, if it did.
    pub(super) device_name: Option<Text>,
}

body!(ReusedPortugueseHtml, "session_token_reused.pt-BR.html", name, clinic, device);
body!(ReusedPortugueseText, "session_token_reused.pt-BR.txt", name, clinic, device);
body!(ReusedEnglishHtml, "session_token_reused.en.html", name, clinic, device);
body!(ReusedEnglishText, "session_token_reused.en.txt", name, clinic, device);
body!(HelpedPortugueseHtml, "session_helped_on.pt-BR.html", name, clinic, device);
body!(HelpedPortugueseText, "session_helped_on.pt-BR.txt", name, clinic, device);
body!(HelpedEnglishHtml, "session_helped_on.en.html", name, clinic, device);
body!(HelpedEnglishText, "session_helped_on.en.txt", name, clinic, device);

/// The mail in the clinic's language.
pub(super) fn words(alert: Alert, recipient: &Recipient) -> Result<Words, askama::Error> {
    let (name, clinic) = (recipient.name.as_str(), recipient.clinic_name.as_str());
    let device = &device(recipient);
    match (alert, recipient.language) {
        (Alert::TokenReused, Language::Portuguese) => Words::of(
            "Uma sessão sua foi encerrada",
            &ReusedPortugueseHtml { name, clinic, device },
            &ReusedPortugueseText { name, clinic, device },
        ),
        (Alert::TokenReused, Language::English) => Words::of(
            "A session of yours was ended",
            &ReusedEnglishHtml { name, clinic, device },
            &ReusedEnglishText { name, clinic, device },
        ),
        (Alert::HelpedOn, Language::Portuguese) => Words::of(
            "Uma sessão sua foi retomada",
            &HelpedPortugueseHtml { name, clinic, device },
            &HelpedPortugueseText { name, clinic, device },
        ),
        (Alert::HelpedOn, Language::English) => Words::of(
            "A session of yours was resumed",
            &HelpedEnglishHtml { name, clinic, device },
            &HelpedEnglishText { name, clinic, device },
        ),
    }
}

/// Where the session is, in words of the clinic's language.
fn device(recipient: &Recipient) -> String {
    match (recipient.language, &recipient.device_name) {
        (Language::Portuguese, Some(name)) => format!("no dispositivo “{}”", name.as_str()),
        (Language::Portuguese, None) => "em um dispositivo sem nome".to_owned(),
        (Language::English, Some(name)) => format!("on the device “{}”", name.as_str()),
        (Language::English, None) => "on a device without a name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERTS: [Alert; 2] = [Alert::TokenReused, Alert::HelpedOn];

    fn recipient(device: Option<&str>, language: Language) -> Recipient {
        let text = |text: &str| Text::try_from(text).unwrap();
        Recipient {
            email: text("ana@example.com"),
            name: text("Ana & Bia"),
            clinic_name: text("Aurora"),
            language,
            device_name: device.map(text),
        }
    }

    #[test]
    fn a_kind_is_one_alert_and_each_has_a_key_of_its_own() {
        for (kind, alert) in
            [("session.token_reused", Alert::TokenReused), ("session.helped_on", Alert::HelpedOn)]
        {
            assert_eq!(kind.parse::<Alert>().unwrap(), alert);
            assert_eq!(key(alert, Uuid::nil()), format!("{kind}/{}", Uuid::nil()));
        }
        assert!("session.started".parse::<Alert>().is_err());
    }

    #[test]
    fn each_says_who_where_and_what_to_do_in_each_language_and_both_forms() {
        let mut subjects = std::collections::BTreeSet::new();
        for (alert, &language) in
            ALERTS.iter().flat_map(|alert| Language::ALL.iter().map(move |it| (*alert, it)))
        {
            let words = words(alert, &recipient(Some("Reception"), language)).unwrap();
            assert!(words.html.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(words.html.contains("Ana &#38; Bia") && words.plain_text.contains("Ana & Bia"));
            let password =
                if language == Language::English { "change your password" } else { "troque sua senha" };
            for text in [&words.html, &words.plain_text] {
                assert!(
                    text.contains("“Reception”") && text.contains("Aurora") && text.contains(password),
                    "{text}"
                );
                assert!(!text.contains("://"), "there is nothing to follow: {text}");
            }
            subjects.insert(words.subject.into_string());
        }
        assert!(subjects.len() == 4 && !subjects.contains(""), "{subjects:?}");
    }

    #[test]
    fn a_device_without_a_name_is_one() {
        for (language, expected) in [
            (Language::Portuguese, "em um dispositivo sem nome"),
            (Language::English, "on a device without a name"),
        ] {
            for alert in ALERTS {
                let words = words(alert, &recipient(None, language)).unwrap();
                assert!(
                    words.html.contains(expected) && words.plain_text.contains(expected),
                    "{}",
                    words.html
                );
            }
        }
    }

    #[test]
    fn a_hostile_name_of_a_device_is_text_in_html() {
        for (alert, &language) in
            ALERTS.iter().flat_map(|alert| Language::ALL.iter().map(move |it| (*alert, it)))
        {
            let hostile = recipient(Some("<script>alert(1)</script>\" onload='x'"), language);
            let words = words(alert, &hostile).unwrap();
            assert!(!words.html.contains("<script") && !words.html.contains("\" onload"), "{}", words.html);
            assert!(words.html.contains("&#60;script&#62;"), "{}", words.html);
        }
    }
}
