use super::super::Place;
use super::parse_body;
use super::{Folder, GOOD, Order};

/// The only violation of a body that cannot be read.
fn single(body: &[u8]) -> (String, &'static str, String) {
    let mut violations = parse_body::<Order>(body).unwrap_err();
    assert_eq!(violations.len(), 1, "{violations:?}");
    let violation = violations.remove(0);
    assert_eq!(violation.place, Place::Body);
    (violation.pointer, violation.code, violation.message)
}

#[test]
fn invalid_utf_8_is_refused_anywhere() {
    for body in [&b"\xFF"[..], b"{\"fullName\": \"\xC3\x28\"}", b"{\"\xE0\": 1}"] {
        let (pointer, code, _) = single(body);

        assert_eq!((pointer.as_str(), code), ("", "INVALID_ENCODING"));
    }
}

#[test]
fn a_byte_order_mark_is_refused() {
    let (_, code, message) = single(format!("\u{FEFF}{GOOD}").as_bytes());

    assert_eq!(code, "INVALID_ENCODING");
    assert_eq!(message, "must not start with a byte order mark");
}

#[test]
fn a_syntax_error_gives_line_and_column() {
    let (pointer, code, message) = single(b"{\n  \"fullName\": CANARY\n}");

    assert_eq!((pointer.as_str(), code), ("", "MALFORMED_JSON"));
    assert_eq!(message, "is not valid JSON at line 2, column 15");
}

#[test]
fn an_empty_or_cut_off_body_and_trailing_garbage_are_malformed() {
    let trailing = format!("{GOOD} x");
    let twice = format!("{GOOD}{GOOD}");
    let bodies = [
        "",
        " \n",
        "{",
        "{\"a\":",
        "[",
        "\"",
        "nul",
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":NaN}",
        &trailing,
        &twice,
    ];
    for body in bodies {
        let (_, code, message) = single(body.as_bytes());

        assert_eq!(code, "MALFORMED_JSON", "{body}");
        assert!(message.starts_with("is not valid JSON at line "), "{message}");
    }
}

#[test]
fn a_number_beyond_64_bits_is_refused_with_its_pointer() {
    let (pointer, code, _) = single(br#"{"lines": [{"quantity": 1}, {"itemName": -1e309}], "a": 1e309}"#);

    assert_eq!(pointer, "/lines/1/itemName");
    assert_eq!(code, "INVALID_NUMBER");
}

#[test]
fn a_duplicate_key_is_refused_at_any_level() {
    let cases = [
        (r#"{"fullName": "a", "fullName": "b"}"#, "/fullName"),
        (r#"{"lines": [{"quantity": 1, "quantity": 2}]}"#, "/lines/0/quantity"),
        (r#"{"x": {"y": {"z": 1, "\u007a": 2}}}"#, "/x/y/z"),
    ];
    for (body, expected) in cases {
        let (pointer, code, _) = single(body.as_bytes());

        assert_eq!((pointer.as_str(), code), (expected, "DUPLICATE_KEY"));
    }
}

#[test]
fn anything_but_an_object_at_the_top_is_a_wrong_type() {
    for body in ["[]", "[1,2]", "null", "true", "1", "\"text\"", " [{}]"] {
        let (pointer, code, message) = single(body.as_bytes());

        assert_eq!((pointer.as_str(), code), ("", "INVALID_TYPE"));
        assert_eq!(message, "must be an object");
    }
}

#[test]
fn depth_32_passes_the_check_and_depth_33_does_not() {
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!("{{\"a\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
    };

    let at_limit = parse_body::<Order>(nested(32).as_bytes()).unwrap_err();
    let (pointer, code, _) = single(nested(33).as_bytes());

    assert!(at_limit.iter().any(|it| it.code == "UNKNOWN_FIELD"));
    assert_eq!(code, "TOO_DEEP");
    assert!(pointer.starts_with("/a/0/0/0"));
}

#[test]
fn a_recursive_type_is_bounded_by_the_depth_too() {
    let through_option = |depth: usize| {
        let inner = depth - 1;
        format!("{}{{}}{}", "{\"beside\":".repeat(inner), "}".repeat(inner))
    };
    let through_list =
        |levels: usize| format!("{}{{}}{}", "{\"inside\":[".repeat(levels), "]}".repeat(levels));

    assert!(parse_body::<Folder>(through_option(32).as_bytes()).is_ok());
    assert!(parse_body::<Folder>(through_list(15).as_bytes()).is_ok());
    let option = parse_body::<Folder>(through_option(33).as_bytes()).unwrap_err();
    let list = parse_body::<Folder>(through_list(16).as_bytes()).unwrap_err();
    assert_eq!(option[0].code, "TOO_DEEP");
    assert_eq!(list[0].code, "TOO_DEEP");
    assert_eq!(option[0].pointer, "/beside".repeat(32));
}

#[test]
fn very_deep_nests_are_refused_not_overflown() {
    for open in ["[", "{\"a\":", "{\"inside\":[", "{\"beside\":"] {
        let body = format!("{{\"x\":{}", open.repeat(60_000 / open.len()));

        let (_, code, _) = single(body.as_bytes());

        assert_eq!(code, "TOO_DEEP");
    }
}
