//! What only the wire shows: the heads that the local server itself writes, as a client reads them.

use crate::program::Program;
use crate::sign_up;

const JSON: &str = "content-type: application/json";

/// Status and headers of what curl is answered, in small letters.
fn head(program: &Program, arguments: &[&str], path: &str) -> String {
    let shown = program.curl_text(&[&["-i", "-o", "-"], arguments].concat(), path);
    shown.split("\r\n\r\n").next().unwrap().to_ascii_lowercase()
}

/// The value of a header in a head.
fn value<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_reply_without_a_body_says_no_length_of_one_that_is_not_there() {
    let program = Program::start(&[]);
    for path in ["/docs", "/api/v1/openapi.json"] {
        let whole = head(&program, &["-I"], path);
        let length: usize = value(&whole, "content-length").unwrap().parse().unwrap();
        assert!(whole.starts_with("http/1.1 200") && length > 1000, "{whole}");
        let known = format!("if-none-match: {}", value(&whole, "etag").unwrap());
        for method in [&["-I"][..], &[]] {
            let still = head(&program, &[method, &["-H", &known]].concat(), path);
            assert!(still.starts_with("http/1.1 304"), "{still}");
            assert_eq!(
                value(&still, "content-length").filter(|sent| *sent != length.to_string()),
                None,
                "{still}"
            );
            assert_eq!(value(&still, "etag"), value(&whole, "etag"), "{still}");
        }
    }
    let options = head(&program, &["-X", "OPTIONS"], "/api/v1/patients");
    assert!(options.starts_with("http/1.1 204") && value(&options, "content-length").is_none(), "{options}");
    let refused = head(&program, &["-I"], "/api/v1/me");
    assert!(
        refused.starts_with("http/1.1 401") && value(&refused, "content-length") != Some("0"),
        "{refused}"
    );
}

#[test]
fn tags_come_in_two_lines_and_pages_by_whatever_address_people_type() {
    let program = Program::start(&[]);
    let body = sign_up("canary.ana@example.com").to_string();
    let made = program.curl(&["-d", &body, "-H", JSON], "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
    let patient = program.curl(&["-H", &bearer, "-H", JSON, "-d", r#"{"fullName":"A"}"#], "/api/v1/patients");
    let path = format!("/api/v1/patients/{}", patient["data"]["id"].as_str().unwrap());
    let edit = |tags: &[&str]| {
        let mut arguments = vec!["-X", "PATCH", "-H", &bearer, "-H", JSON, "-d", r#"{"notes":"n"}"#];
        arguments.extend(tags.iter().flat_map(|tags| ["-H", *tags]));
        program.curl(&arguments, &path)
    };
    assert_eq!(edit(&["if-match: \"8\"", "if-match: \"9\""])["error"]["code"], "VERSION_STALE");
    assert_eq!(edit(&["if-match: \"9\"", "if-match: \"1\""])["success"], true);

    for address in ["/", "/docs/", "/?utm_source=x"] {
        let led = head(&program, &[], address);
        assert!(led.starts_with("http/1.1 302") && value(&led, "location") == Some("/docs"), "{led}");
    }
    for address in
        ["/health/live?t=1", "/health/ready?t=1&t=2", "/docs?utm_source=x", "/api/v1/openapi.json?v=1"]
    {
        assert!(head(&program, &[], address).starts_with("http/1.1 200"), "{address}");
    }
    let packed = head(&program, &["-I", "-H", "accept-encoding: gzip"], "/api/v1/openapi.json");
    let plain = head(&program, &["-I", "-H", "accept-encoding: identity"], "/docs/scalar.js");
    assert_eq!((value(&packed, "content-encoding"), value(&plain, "content-encoding")), (Some("gzip"), None));
}

/// What is sent as it stands, and the statuses that come back before the connection ends.
struct Odd {
    what: &'static str,
    sent: String,
    answered: &'static [u16],
}

/// A sign-up, which must not be made: with these lines in its head, and then this.
fn sign_up_with(what: &'static str, lines: &str, rest: &str, answered: &'static [u16]) -> Odd {
    let sent = format!("POST /api/v1/clinics HTTP/1.1\r\nhost: x\r\n{JSON}\r\n{lines}\r\n\r\n{rest}");
    Odd { what, sent, answered }
}

/// A question for a page, by this first line and with these lines.
fn asked(what: &'static str, line: &str, lines: &str, answered: &'static [u16]) -> Odd {
    Odd { what, sent: format!("{line}\r\n{lines}connection: close\r\n\r\n"), answered }
}

/// A request within what is the body of another one, for whoever frames it differently.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

/// Bodies of which two readers may think differently where they end.
fn framed_oddly() -> Vec<Odd> {
    let body = sign_up("canary.odd@example.com").to_string();
    let (length, chunk) = (body.len(), format!("{:x}\r\n{body}\r\n", body.len()));
    let whole = format!("{chunk}0\r\n\r\n");
    let small = format!("content-length: {length}");
    let chunked = "transfer-encoding: chunked";
    let large = format!("{}{SMUGGLED}{}", " ".repeat(1024 * 1024), " ".repeat(1024 * 1024));
    let larger = format!("content-length: {}", large.len());
    vec![
        sign_up_with("two lengths", &format!("{small}\r\ncontent-length: 0"), &body, &[400]),
        sign_up_with("two lengths in one", &format!("{small}, 0"), &body, &[400]),
        sign_up_with("a length with a sign", &format!("content-length: +{length}"), &body, &[400]),
        sign_up_with("a length in hexadecimal", &format!("content-length: 0x{length:x}"), &body, &[400]),
        sign_up_with("a negative length", "content-length: -1", &body, &[400]),
        sign_up_with("a length beyond all", "content-length: 18446744073709551616", &body, &[400]),
        sign_up_with("a coding that is none", "transfer-encoding: xchunked", &whole, &[400]),
        sign_up_with("chunks within something", "transfer-encoding: chunked, identity", &whole, &[400]),
        sign_up_with("no coding", "transfer-encoding: identity", &body, &[400]),
        sign_up_with("a coding behind a tab", "transfer-encoding: \u{b}chunked", &whole, &[400]),
        sign_up_with(
            "a length before chunks",
            &format!("{small}\r\n{chunked}"),
            &format!("0\r\n\r\n{SMUGGLED}"),
            &[400],
        ),
        sign_up_with(
            "chunks before a length",
            &format!("{chunked}\r\n{small}"),
            &format!("0\r\n\r\n{SMUGGLED}"),
            &[400],
        ),
        sign_up_with(
            "a chunk that is too long",
            chunked,
            &format!("FFFFFFFFFFFFFFFFF\r\n{body}\r\n0\r\n\r\n"),
            &[],
        ),
        sign_up_with("a chunk with 0x", chunked, &format!("0x{whole}"), &[]),
        sign_up_with("a chunk with a sign", chunked, &format!("-{whole}"), &[]),
        sign_up_with("a chunk that goes on", chunked, &format!("2\r\n{body}\r\n0\r\n\r\n"), &[]),
        sign_up_with("a body beyond what is read", &larger, &large, &[413]),
    ]
}

/// Heads that are no head, or one that is told differently elsewhere.
fn headed_oddly() -> Vec<Odd> {
    const LIVE: &str = "GET /health/live HTTP/1.1";
    let long = format!("host: x\r\nx: {}\r\n", "a".repeat(1024 * 1024));
    let many = (0..200).map(|number| format!("x{number}: a\r\n")).collect::<Vec<_>>().concat();
    let far = format!("GET /{} HTTP/1.1", "a".repeat(70_000));
    let mails = "GET http://evil.example/local/mail HTTP/1.1";
    vec![
        asked("a folded line", LIVE, "host: x\r\nx: a\r\n b\r\n", &[400]),
        asked("a blank before the colon", LIVE, "host : x\r\n", &[400]),
        asked("a name with a blank", LIVE, "host: x\r\nx y: a\r\n", &[400]),
        asked("a line without a colon", LIVE, "host: x\r\nxy\r\n", &[400]),
        asked("a return alone", LIVE, "host: x\r\nx: a\rb: c\r\n", &[400]),
        asked("a NUL in a header", LIVE, "host: x\r\nx: a\0b\r\n", &[400]),
        asked("a NUL in the path", "GET /health/live\0 HTTP/1.1", "host: x\r\n", &[400]),
        asked("a blank in the path", "GET /health/live x HTTP/1.1", "host: x\r\n", &[400]),
        asked("a path without a slash", "GET health/live HTTP/1.1", "host: x\r\n", &[400]),
        asked("a longer header than is read", LIVE, &long, &[431]),
        asked("more headers than are read", LIVE, &format!("host: x\r\n{many}"), &[431]),
        asked("a longer path than is read", &far, "host: x\r\n", &[414]),
        asked("no version", "GET /health/live", "host: x\r\n", &[400]),
        asked("another version", "GET /health/live HTTP/1.2", "host: x\r\n", &[400]),
        asked("the preface of HTTP/2", "PRI * HTTP/2.0", "", &[400]),
        asked("no host", LIVE, "", &[400]),
        asked("two hosts", LIVE, "host: x\r\nhost: x\r\n", &[400]),
        asked("a host that is none", LIVE, "host: a b/c\r\n", &[400]),
        asked("a whole address of another host", mails, "host: 127.0.0.1\r\n", &[404]),
        asked("a whole address without a host", "GET http://127.0.0.1/local/mail HTTP/1.1", "", &[400]),
        asked("a method in small letters", "get /health/live HTTP/1.1", "host: x\r\n", &[405]),
        asked("a tunnel", "CONNECT evil.example:443 HTTP/1.1", "host: evil.example:443\r\n", &[404]),
        asked("no address", "OPTIONS * HTTP/1.1", "host: x\r\n", &[404]),
        asked("dots", "GET /docs/../api/v1/me HTTP/1.1", "host: x\r\n", &[404]),
        asked("encoded dots", "GET /local/files/%2e%2e/%2e%2e/token-keys HTTP/1.1", "host: x\r\n", &[403]),
        asked("dots behind a page", "GET /local/mail/../mail HTTP/1.1", "host: 127.0.0.1\r\n", &[404]),
    ]
}

/// What is unusual, and means one thing alone.
fn odd_and_fine() -> Vec<Odd> {
    const LIVE: &str = "GET /health/live HTTP/1.1";
    let pipelined = format!(
        "{SMUGGLED}GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n{LIVE}\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    let expecting = "expect: 100-continue\r\ncontent-length: 2\r\nconnection: close";
    let trailed = format!(
        "POST /api/v1/clinics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n{JSON}\r\n\r\n"
    );
    vec![
        asked("HTTP/1.0, which names no host", "GET /health/live HTTP/1.0", "", &[200]),
        asked("lines that end early", &format!("\r\n{LIVE}"), "host: x\r\n", &[200]),
        Odd {
            what: "line feeds alone",
            sent: format!("{LIVE}\nhost: x\nconnection: close\n\n"),
            answered: &[200],
        },
        asked("a whole address", "GET http://127.0.0.1/health/live HTTP/1.1", "host: y\r\n", &[200]),
        asked("a protocol to change to", LIVE, "host: x\r\nupgrade: websocket\r\n", &[200]),
        Odd { what: "three at once", sent: pipelined, answered: &[200, 404, 200] },
        sign_up_with("an expectation", expecting, "{}", &[100, 400]),
        Odd { what: "headers behind a body", sent: trailed, answered: &[415] },
    ]
}

/// The statuses of replies that stand one behind the other.
fn statuses(replies: &str) -> Vec<u16> {
    let first_lines = replies.split("HTTP/1.").skip(1);
    first_lines.map(|line| line[2..5].parse().unwrap()).collect()
}

#[test]
fn what_two_readers_may_frame_differently_is_refused_and_no_request_hides_in_another() {
    let program = Program::start(&[]);
    for odd in framed_oddly().into_iter().chain(headed_oddly()).chain(odd_and_fine()) {
        let replies = program.send(&odd.sent);
        assert_eq!(statuses(&replies), odd.answered, "{}: {replies}", odd.what);
    }
    let made = program.sql("SELECT count(*) FROM identity.accounts WHERE email_key LIKE 'canary.odd%'");
    assert_eq!(made.as_deref(), Some("0"));
    assert!(head(&program, &[], "/health/live").starts_with("http/1.1 200"));
}
