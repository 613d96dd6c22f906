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
