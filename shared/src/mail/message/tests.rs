use super::*;
use crate::validation::Text;
use jiff::Timestamp;
use mail_parser::{MessageParser, MimeHeaders as _};
use uuid::Uuid;

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

fn sender() -> Sender {
    Sender::parse("Grafono <no-reply@grafono.example>").unwrap()
}

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057),
        clinic: Uuid::nil(),
        address: text("ana@example.com"),
        name: Some(text("Ana")),
        subject: text("Hello"),
        html: "<p>Olá</p>".to_owned(),
        plain_text: "Olá".to_owned(),
        attachments: Vec::new(),
        requested_at: "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap(),
    }
}

/// The header lines of a message, folded ones as they are.
fn head(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split("\r\n\r\n").next().unwrap().to_owned()
}

/// The names of the headers, in order.
fn names(bytes: &[u8]) -> Vec<String> {
    let head = head(bytes);
    let starts = head.lines().filter(|line| !line.starts_with([' ', '\t']));
    starts.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

const NAMES: [&str; 7] = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn a_message_is_what_the_letter_says_and_the_same_each_time() {
    let mut letter = letter();
    letter.attachments.push(Attachment {
        name: text("recibo ção.pdf"),
        media_type: text("application/pdf"),
        content: vec![0, 1, 2, 255],
    });
    let bytes = message(&sender(), &letter).unwrap();
    assert_eq!(bytes, message(&sender(), &letter).unwrap());

    let parsed = MessageParser::default().parse(&bytes).unwrap();
    let to = parsed.to().unwrap().first().unwrap();
    assert_eq!((to.name(), to.address()), (Some("Ana"), Some("ana@example.com")));
    assert_eq!(parsed.message_id(), Some("01890a5dac96774bbcceb302099a8057@grafono.example"));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2026-11-21T10:00:00Z");
    assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>Olá</p>");
    assert_eq!(parsed.body_text(0).unwrap().trim(), "Olá");
    let file = parsed.attachment(0).unwrap();
    assert_eq!((file.attachment_name(), file.contents()), (Some("recibo ção.pdf"), &[0, 1, 2, 255][..]));
}

#[test]
fn whatever_stands_in_names_and_subjects_is_read_back_and_adds_no_header() {
    let hostile = [
        "Clínica Aurora & Irmãos",
        "\"; Bcc: evil@example.com",
        "Ana\" <evil@example.com>, \"",
        "=?utf-8?q?Bcc:=20evil?=",
        "a\\\"b, c@d.example",
        "治療室 🙂",
        &"longa ".repeat(40),
    ];
    for value in hostile {
        let mut letter = letter();
        (letter.name, letter.subject) = (Some(text(value)), text(value));
        let bytes = message(&sender(), &letter).unwrap();
        assert_eq!(sorted(names(&bytes)), sorted(NAMES.map(str::to_owned).to_vec()), "{value}");
        assert!(head(&bytes).is_ascii() && head(&bytes).lines().all(|line| line.len() <= 998), "{value}");
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.to().unwrap().clone().into_list().len(), 1, "{value}");
        assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("ana@example.com"), "{value}");
        assert!(parsed.bcc().is_none(), "{value}");
        if !value.starts_with("=?") {
            assert_eq!(parsed.subject().map(str::trim), Some(value.trim()));
            assert_eq!(parsed.to().unwrap().first().unwrap().name().map(str::trim), Some(value.trim()));
        }
    }
}

#[test]
fn a_line_break_never_gets_into_a_letter() {
    for value in ["a\r\nBcc: evil@example.com", "a\nb", "a\rb", "a\u{85}b", "a\u{0}b"] {
        assert!(Text::try_from(value).is_err(), "{value:?}");
        assert!(Sender::parse(&format!("{value} <no-reply@grafono.example>")).is_err(), "{value:?}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_and_one_abroad_is_written_as_dns_knows_it() {
    let refused = [
        "nobody",
        "@example.com",
        "ana@",
        "a b@example.com",
        "ana@example.com>, <evil@example.com",
        "ana@example.com, evil@example.com",
        "ana@exa mple.com",
        "<ana@example.com>",
        "josé@example.com",
    ];
    for address in refused {
        let letter = Letter { address: text(address), ..letter() };
        assert_eq!(message(&sender(), &letter), Err(Unsent::Refused(ADDRESS_INVALID)), "{address}");
    }
    let abroad = Letter { address: text("ana@exámple.com"), ..letter() };
    let bytes = message(&sender(), &abroad).unwrap();
    assert!(head(&bytes).contains("<ana@xn--exmple-qta.com>"), "{}", head(&bytes));
}

#[test]
fn a_file_of_no_media_type_is_refused() {
    let mut letter = letter();
    letter.attachments.push(Attachment {
        name: text("a\"; b=c"),
        media_type: text("application/pdf"),
        content: Vec::new(),
    });
    assert!(message(&sender(), &letter).is_ok());
    letter.attachments[0].media_type = text("nonsense");
    assert_eq!(message(&sender(), &letter), Err(Unsent::Refused(MAIL_REFUSED)));
}

#[test]
fn who_mails_are_from_is_an_address_with_or_without_a_name() {
    assert!(Sender::parse("no-reply@grafono.example").is_ok());
    for bad in ["", "nobody", "Grafono <nobody>", "a@b.example, c@d.example", "josé@b.example"] {
        assert_eq!(Sender::parse(bad), Err(SettingError::Malformed), "{bad}");
    }
}
