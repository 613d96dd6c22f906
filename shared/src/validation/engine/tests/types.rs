use serde_json::from_str;
use uuid::Uuid;
use validator::ValidateLength;

use super::{lines, refused_order};
use crate::validation::{FullDate, Id, MultilineText, Secret, Text};

fn text(raw: &str) -> Option<String> {
    Text::try_from(raw).ok().map(Text::into_string)
}

#[test]
fn text_is_normalised_and_trimmed() {
    assert_eq!(text("  e\u{301}te\u{301} \u{A0}").as_deref(), Some("\u{E9}t\u{E9}"));
    assert_eq!(text("\u{3000}").as_deref(), Some(""));
}

#[test]
fn text_lengths_count_characters() {
    assert_eq!(Text::try_from("e\u{301}日本").unwrap().length(), Some(3));
}

#[test]
fn text_refuses_control_and_direction_characters() {
    for bad in
        ["\u{0}", "\n", "\t", "\u{7F}", "\u{85}", "\u{9F}", "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}"]
    {
        assert_eq!(text(&format!("a{bad}b")), None, "{bad:?}");
    }
    assert!(text("\u{A0}a\u{200E}\u{2065}").is_some());
}

#[test]
fn an_escaped_nul_has_its_own_code() {
    let violations = refused_order(&[("fullName", "\"a\\u0000\""), ("password", "\"\\u0000abc\"")]);

    assert_eq!(
        lines(&violations),
        [
            "/fullName INVALID_CHARACTERS must not contain control characters",
            "/password INVALID_CHARACTERS must not contain NUL",
        ]
    );
}

#[test]
fn multiline_text_takes_line_breaks_and_tabs() {
    let parsed: MultilineText = from_str(r#""\r\n a\tb\r\nc\n ""#).unwrap();

    assert_eq!(parsed.as_str(), "a\tb\nc");
    assert!(MultilineText::try_from("a\rb").is_err());
    assert!(MultilineText::try_from("a\u{202E}b").is_err());
}

#[test]
fn a_secret_is_taken_as_it_is_and_shown_nowhere() {
    let secret: Secret = from_str("\" e\u{301}CANARY\\n \"").unwrap();

    assert_eq!(secret.expose(), " e\u{301}CANARY\n ");
    assert_eq!(secret.length(), Some(11));
    assert_eq!(format!("{secret:?} {secret}"), "Secret Secret");
    assert_eq!(serde_json::to_string(&secret).unwrap(), "null");
}

#[test]
fn a_secret_that_is_too_short_is_called_so_though_validator_cannot_see_it() {
    let violations = refused_order(&[("password", "\"ab\"")]);

    assert_eq!(lines(&violations), ["/password TOO_SHORT must have at least 3 characters"]);
}

#[test]
fn text_shows_its_type_only() {
    assert_eq!(format!("{:?}", Text::try_from("CANARY").unwrap()), "Text");
    assert_eq!(format!("{:?}", MultilineText::try_from("CANARY").unwrap()), "MultilineText");
}

#[test]
fn a_full_date_takes_one_spelling_only() {
    assert!(from_str::<FullDate>("\"2024-02-29\"").is_ok());
    for bad in
        ["2023-02-29", "20240229", "2024-02-29T10:00:00", "2024-2-9", "+002024-02-29", "", "２０２４-02"]
    {
        assert!(from_str::<FullDate>(&format!("\"{bad}\"")).is_err(), "{bad}");
    }
}

#[test]
fn an_id_takes_one_notation_only() {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for good in [id.to_owned(), id.to_uppercase()] {
        let read: Id = from_str(&format!("\"{good}\"")).unwrap();
        assert_eq!(Uuid::from(read).to_string(), id);
    }
    for bad in [
        id.replace('-', ""),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        format!(" {id}"),
        format!("{id}0"),
        id.replace('0', "０"),
        "01890a5dac96-774b-bcce-b302-099a8057".to_owned(),
        String::new(),
    ] {
        let violations = refused_order(&[("orderId", &format!("\"{bad}\""))]);
        assert_eq!(lines(&violations), ["/orderId INVALID_UUID must be a UUID"], "{bad}");
    }
}
